"""The words of transform_param that change pictures, whose they are: caffepy/proto/caffe.proto."""

STRETCHES = (
    "img_rand_resize_lower", "img_rand_resize_upper", "rand_resize_ratio_lower",
    "rand_resize_ratio_upper", "vertical_stretch_lower", "vertical_stretch_upper",
    "horizontal_stretch_lower", "horizontal_stretch_upper",
)
CHANGES = (
    "resize_param", "noise_param", "distort_param", "expand_param",
    "random_resize_param", "random_aspect_ratio_param",
    "fix_crop", "more_fix_crop", "multi_scale", "scale_ratios", "max_distort", "original_image",
    *STRETCHES, "allow_upscale", "interpolation_algo_down", "interpolation_algo_up",
    "apply_probability", "contrast_brightness_adjustment", "min_contrast", "max_contrast",
    "max_brightness_shift", "smooth_filtering", "max_smooth", "max_color_shift",
    "max_rotation_angle", "min_side", "min_side_min", "min_side_max",
    "padding", "padding_mode", "padding_value", "affine_param", "perspective_param",
    "lighting_param", "blur_param", "gauss_noise_param", "jpeg_param",
)
