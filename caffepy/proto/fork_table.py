"""The table of forks: whose words they are, and what says the same in the original's words.

One word a line would be too long; so words are grouped by the fork they come from. ``forks`` says
how they are written, and looks them up. What the schema or the registry learns leaves this table.
"""

from __future__ import annotations

FORKS = {
    "ssd": "SSD's fork (weiliu89/caffe)",
    "rcnn": "Faster R-CNN's fork (rbgirshick/caffe-fast-rcnn)",
    "rfcn": "R-FCN's fork (daijifeng001/caffe-rfcn)",
    "mnc": "MNC's fork (daijifeng001/MNC)",
    "cascade": "MS-CNN's and Cascade R-CNN's forks (zhaoweicai)",
    "segnet": "SegNet's fork (alexgkendall/caffe-segnet)",
    "deconvnet": "DeconvNet's fork (HyeonwooNoh/caffe)",
    "pspnet": "DeepLab's and PSPNet's forks (hszhao/PSPNet)",
    "fcn": "FCN's fork (longjon/caffe)",
    "hed": "HED's fork (s9xie/hed)",
    "rcf": "RCF's fork (yun-liu/rcf)",
    "osvos": "OSVOS's fork (kmaninis/OSVOS-caffe)",
    "crfrnn": "CRF-RNN's fork (torrvision/caffe)",
    "nvidia": "NVIDIA's fork (NVIDIA/caffe)",
    "intel": "Intel's fork (intel/caffe)",
    "synopsys": "Synopsys' fork (synopsys-caffe)",
    "yolo": "the YOLO port MobileNet-YOLO (eric612)",
    "yolo2": "the YOLO ports of yeahkun and gklz1982",
    "textboxes": "TextBoxes++'s fork (MhLiao/TextBoxes_plusplus)",
    "ctpn": "CTPN's fork (tianzhi0549/CTPN)",
    "ocr": "caffe_ocr (senlinuc)",
    "crnn": "crnn.caffe (yalecyu)",
    "lstm": "the LSTM fork junhyukoh/caffe-lstm",
    "flownet": "FlowNet's forks (lmb-freiburg/flownet2)",
    "liteflow": "LiteFlowNet's fork (twhui/LiteFlowNet)",
    "happynear": "happynear's fork (happynear/caffe-windows)",
    "face": "the face recognition fork ydwen/caffe-face",
    "sphereface": "SphereFace's fork (wy1iu/sphereface)",
    "lsoftmax": "L-Softmax's fork (wy1iu)",
    "jaa": "JAA-Net's fork (ZhiwenShao/JAANet)",
    "mtcnn": "an MTCNN training fork",
    "tsn": "TSN's fork (yjxiong/caffe)",
    "lrcn": "LRCN's fork (LisaAnne/lisa-caffe-public)",
    "c3d": "C3D's fork (facebookarchive/C3D)",
    "video": "video-caffe (chuckcho)",
    "shufflenet": "the MobileNet and ShuffleNet layers of farmingyard",
    "depthwise": "the depthwise layer of yonghenglh6",
    "senet": "SENet's fork (hujie-frank/SENet)",
    "transfer": "the transfer learning fork thuml/transfer-caffe",
    "ssl": "the structured sparsity fork (wenwei202/caffe)",
    "cpm": "the pose machines' fork (shihenw/caffe)",
    "pixelnet": "PixelNet's fork (aayushbansal/PixelNet)",
    "ti": "TI's fork (tidsp/caffe-jacinto)",
    "augment": "the augmentation fork twtygqyy/caffe-augmentation",
    "other": "a fork of Caffe",
}

# whose words: types, V1:TYPES, Message.fields and Message.field=VALUES
WORDS = {
    "ssd": """
        Permute PriorBox DetectionOutput AnnotatedData Normalize DetectionEvaluate SmoothL1Loss
        MultiBoxLoss VideoData
        *.permute_param *.prior_box_param *.detection_output_param *.annotated_data_param
        *.norm_param *.detection_evaluate_param *.multibox_loss_param *.video_data_param
        TransformationParameter.resize_param TransformationParameter.emit_constraint
        TransformationParameter.distort_param TransformationParameter.expand_param
        TransformationParameter.noise_param TransformationParameter.crop_h
        TransformationParameter.crop_w
        SolverParameter.ap_version SolverParameter.eval_type SolverParameter.show_per_class_result
        SolverParameter.plateau_winsize""",
    "rcnn": """
        ROIPooling SmoothL1Loss *.roi_pooling_param *.smooth_l1_loss_param
        DropoutParameter.scale_train""",
    "rfcn": """
        PSROIPooling BoxAnnotatorOHEM SmoothL1LossOHEM SoftmaxWithLossOHEM PSROIAlign
        *.psroi_pooling_param *.box_annotator_ohem_param LossParameter.pre_fixed_normalizer
        LossParameter.normalization=PRE_FIXED""",
    "mnc": """
        ROIWarping ROIWarpingTest MaskPooling MaskResize *.roi_warping_param *.mask_resize_param
        *.mask_pooling_param""",
    "cascade": """
        BboxAccuracy BoxGroupOutput BoxOutput DecodeBBox DetectionAccuracy DetectionData
        DetectionGroupAccuracy DetectionGroupLoss DetectionLoss FrcnnOutput ImageGtData
        ProposalTarget ROIAlign
        *.bbox_reg_param *.box_group_output_param *.box_output_param *.detection_accuracy_param
        *.detection_data_param *.detection_group_accuracy_param *.detection_group_loss_param
        *.detection_loss_param *.frcnn_output_param *.image_gt_data_param *.proposal_target_param
        *.roi_align_param *.decode_bbox_param *.bbox_accuracy_param
        PoolingParameter.ceil_mode""",
    "segnet": """
        BN Upsample DenseImageData *.bn_param *.upsample_param *.dense_image_data_param
        V1:BN V1:UPSAMPLE V1:DENSE_IMAGE_DATA
        LossParameter.weight_by_label_freqs LossParameter.class_weighting
        DropoutParameter.sample_weights_test""",
    "deconvnet": """
        BN Unpooling V1:BN V1:UNPOOLING V1:ELTWISE_ACCURACY V1:WINDOW_SEG_DATA *.bn_param
        *.unpooling_param *.eltwise_accuracy_param *.window_seg_data_param""",
    "pspnet": """
        BN Interp SegAccuracy ImageSegData MatWrite MatRead DenseCRF UniqueLabel
        *.bn_param *.interp_param *.seg_accuracy_param *.mat_write_param *.mat_read_param
        *.image_seg_data_param *.padding_param *.softmaxloss_param *.seg_data_param
        V1:INTERP V1:SEG_ACCURACY V1:IMAGE_SEG_DATA V1:MAT_WRITE V1:MAT_READ V1:PADDING
        ConvolutionParameter.hole ConvolutionParameter.hole_h ConvolutionParameter.hole_w
        ImageDataParameter.label_type
        BatchNormParameter.update_global_stats V1LayerParameter.strict_dim
        TransformationParameter.scale_factors""",
    "fcn": "V1:CROP",
    "hed": "ImageLabelmapData V1:CROP *.image_labelmap_data_param",
    "rcf": "AutoCrop",
    "osvos": "SigmoidCrossEntropyBalanceLoss",
    "crfrnn": """
        MultiStageMeanfield V1:MULTI_STAGE_MEANFIELD V1:CROP *.multi_stage_meanfield_param""",
    "nvidia": """
        DetectNetTransformation L1Loss *.detectnet_groundtruth_param
        *.detectnet_augmentation_param
        BatchNormParameter.scale_bias BatchNormParameter.scale_filler
        BatchNormParameter.bias_filler BatchNormParameter.engine
        DataParameter.cache DataParameter.shuffle DataParameter.threads
        DataParameter.parser_threads ImageDataParameter.cache ImageDataParameter.threads
        TransformationParameter.use_gpu_transform TransformationParameter.random_seed
        TransformationParameter.img_rand_resize_lower
        TransformationParameter.img_rand_resize_upper
        TransformationParameter.rand_resize_ratio_lower
        TransformationParameter.rand_resize_ratio_upper
        TransformationParameter.horizontal_stretch_lower
        TransformationParameter.horizontal_stretch_upper
        TransformationParameter.vertical_stretch_lower
        TransformationParameter.vertical_stretch_upper
        TransformationParameter.allow_upscale TransformationParameter.interpolation_algo_down
        TransformationParameter.interpolation_algo_up
        ConvolutionParameter.cudnn_convolution_algo_seeker
        ConvolutionParameter.conv_algos_override ConvolutionParameter.cudnn_math_override
        PoolingParameter.torch_pooling NetParameter.eltwise_mem_sharing
        NetParameter.reduce_buckets NetParameter.default_conv_algos_override
        NetParameter.default_cudnn_math_override
        SolverParameter.solver_data_type SolverParameter.store_blobs_in_old_format
        SolverParameter.min_lr SolverParameter.larc SolverParameter.larc_eta
        SolverParameter.larc_policy SolverParameter.local_lr_auto SolverParameter.local_gw_ratio
        SolverParameter.rampup_interval SolverParameter.rampup_lr SolverParameter.momentum_policy
        SolverParameter.max_momentum SolverParameter.momentum_power
        SolverParameter.test_and_snapshot_last_epochs *.quantization_param""",
    "intel": """
        PriorBoxClustered SpatialDropout *.spatial_dropout_param
        *.engine=MKLDNN *.engine=MKL2017 BatchNormParameter.engine BatchNormParameter.filler
        BatchNormParameter.bias_filler BatchNormParameter.use_weight_bias
        ConvolutionParameter.relu ConvolutionParameter.negative_slope
        ConvolutionParameter.fusion_type ConvolutionParameter.is_eltwise_sum
        ConvolutionParameter.is_int8_output ConvolutionParameter.is_relu
        ConvolutionParameter.eltwise_both_ints PoolingParameter.is_int8
        PoolingParameter.avg_include_pad PoolingParameter.fused_eltwise
        TransformationParameter.random_resize_param
        TransformationParameter.random_aspect_ratio_param
        NetParameter.bn_stats_batch_size NetParameter.engine LayerParameter.engine
        NetParameter.compile_net_state ReshapeParameter.pixelshuffler
        SolverParameter.local_lr_auto SolverParameter.local_gw_ratio SolverParameter.larc_eta
        SolverParameter.warmup_iter SolverParameter.warmup_start_lr SolverParameter.engine
        SolverParameter.disabled_update *.quantization_param *.multinode *.mn_activation_param
        *.mn_grad_compress_param DataParameter.shuffle TransformationParameter.bgr2rgb""",
    "synopsys": """
        BatchToSpaceND SpaceToBatchND ResizeBilinear ResizeNearestNeighbor Squeeze Pad Mish
        HardSwish HardSigmoid UpsampleDarknet
        *.batch_to_space_nd_param *.space_to_batch_nd_param *.resize_bilinear_param
        *.resize_nearest_neighbor_param *.squeeze_param *.pad_param *.hard_sigmoid_param
        ReLUParameter.relu6 PoolingParameter.ceil_mode PoolingParameter.pool=AVE_EXC_PAD
        PoolingParameter.pool=AVE_TF ConvolutionParameter.pad_type PoolingParameter.pad_type
        ConvolutionParameter.pad_l ConvolutionParameter.pad_r ConvolutionParameter.pad_t
        ConvolutionParameter.pad_b PoolingParameter.pad_l PoolingParameter.pad_r
        PoolingParameter.pad_t PoolingParameter.pad_b""",
    "yolo": """
        RegionLoss Reorg Yolov3 Yolov3DetectionOutput YoloDetectionOutput ReLU6 Upsample YoloSeg
        DepthwiseConvolution MultiBoxFocalLoss SegmentationEvaluate
        *.region_loss_param *.reorg_param *.yolov3_param *.yolov3_detection_output_param
        *.yolo_detection_output_param *.upsample_param *.relu6_param *.yolo_seg_param
        *.segmentation_evaluate_param *.focal_loss_param
        TransformationParameter.caffe_yolo""",
    "yolo2": """
        BoxData DetectionLoss EvalDetection RegionLoss Reorg YoloV2Loss
        *.eval_detection_param *.detection_loss_param *.region_loss_param *.reorg_param
        *.yolo_v2_loss_param *.box_data_param DataParameter.side""",
    "textboxes": """
        CTCLoss CTCGreedyDecoder Reverse *.ctc_loss_param *.ctc_decoder_param *.reverse_param""",
    "ctpn": "Reverse Transpose Lstm *.reverse_param *.transpose_param *.lstm_param",
    "ocr": """
        Reverse Transpose Lstm WarpCTCLoss DenseBlock *.reverse_param *.transpose_param
        *.lstm_param *.ctc_loss_param *.denseblock_param""",
    "crnn": """
        CtcLoss ContinuationIndicator LabelsequenceAccuracy *.continuation_indicator_param
        *.ctc_loss_param *.labelsequence_accuracy_param""",
    "lstm": "Lstm *.lstm_param",
    "flownet": """
        Correlation Correlation1D Resample DataAugmentation FlowAugmentation
        GenerateAugmentationParameters L1Loss ChannelNorm FlowWarp FLOWriter FloWriter ImgWriter
        FloatWriter FloatReader FLOReader IMGReader FloData CustomData Mean Downsample Accum LpqLoss
        *.correlation_param *.resample_param *.augmentation_param *.coeff_schedule_param
        *.l1_loss_param *.flow_warp_param *.writer_param *.reader_param *.mean_param *.accum_param
        *.lpq_loss_param
        DataParameter.rand_permute DataParameter.rand_permute_seed DataParameter.encoding
        DataParameter.slice_point DataParameter.verbose DataParameter.preselection_label
        DataParameter.preselection_file DataParameter.preselection_range
        DataParameter.range_start DataParameter.range_end DataParameter.rand_permute_order
        DataParameter.permute_every_iter DataParameter.disk_reader_threads
        DataParameter.huge_video_dataset DataParameter.limit_samples DataParameter.subtract
        DataParameter.block_size LayerParameter.reshape_every_iter *.downsample_param
        *.black_augmentation_param
        FillerParameter.diag_val""",
    "liteflow": "Warp Grid *.warp_param *.grid_param",
    "happynear": """
        BN Normalize CenterLoss ChannelScale Flip LabelSpecificAdd LabelSpecificRescale
        InnerDistance Insanity Proposal GeneralContrastiveLoss GeneralTripletLoss TripletLoss
        NormalizedSigmoidCrossEntropyLoss
        *.bn_param *.normalize_param *.center_loss_param *.channel_scale_param *.flip_param
        *.label_specific_add_param *.label_specific_rescale_param *.inner_distance_param
        *.insanity_param *.proposal_param *.general_contrastive_loss_param
        *.general_triplet_loss_param *.triplet_loss_param *.focal_loss_param
        InnerProductParameter.normalize DropoutParameter.sqrt_scale FillerParameter.alpha""",
    "face": "CenterLoss *.center_loss_param",
    "sphereface": "MarginInnerProduct *.margin_inner_product_param",
    "lsoftmax": "LargeMarginInnerProduct *.largemargin_inner_product_param",
    "jaa": """
        DiceCoefLoss AlignDataTransform Combination Division AUMaskBasedLand *.dice_coef_loss_param
        *.combination_param *.division_param *.au_mask_based_land_param""",
    "mtcnn": """
        OftenMtcnnLandMarkLoss OftenMtcnnSoftmaxLoss OftenMtcnnAccuracy OftenMtcnnClassBridge
        OftenMtcnnEuclideanLoss""",
    "tsn": """
        BN BatchReduction Gather Scatter VideoData *.bn_param *.batch_reduction_param
        *.video_data_param V1:VIDEO_DATA
        TransformationParameter.fix_crop TransformationParameter.more_fix_crop
        TransformationParameter.multi_scale TransformationParameter.scale_ratios
        TransformationParameter.max_distort TransformationParameter.is_flow
        ConvolutionParameter.dilation_h ConvolutionParameter.dilation_w
        SolverParameter.richness""",
    "lrcn": "EltwiseParameter.coeff_blob",
    "c3d": """
        Convolution3D Pooling3D Deconvolution3D *.convolution3d_param *.pooling3d_param
        V1:CONVOLUTION3D V1:POOLING3D V1:DECONVOLUTION3D V1:VIDEO_DATA
        ConvolutionParameter.kernel_depth ConvolutionParameter.temporal_pad
        ConvolutionParameter.temporal_stride PoolingParameter.kernel_depth
        PoolingParameter.temporal_stride ImageDataParameter.new_length
        ImageDataParameter.use_image ImageDataParameter.show_data
        ImageDataParameter.use_temporal_jitter""",
    "video": """
        NdConvolution NdPooling VideoData *.video_data_param ConvolutionParameter.kernel_shape
        ConvolutionParameter.stride_shape ConvolutionParameter.pad_shape
        PoolingParameter.kernel_shape PoolingParameter.stride_shape PoolingParameter.pad_shape""",
    "shufflenet": "ShuffleChannel ConvolutionDepthwise *.shuffle_channel_param",
    "depthwise": "DepthwiseConvolution",
    "senet": "Axpy",
    "transfer": "MMDLoss JMMDLoss EntropyLoss *.mmd_param *.jmmd_param *.entropy_param",
    "ssl": """
        ParamSpec.block_group_lasso ParamSpec.breadth_decay_mult ParamSpec.kernel_shape_decay_mult
        ParamSpec.regularization_type ParamSpec.force_mult ParamSpec.decay_proto
        SolverParameter.force_decay SolverParameter.force_type SolverParameter.block_group_decay
        SolverParameter.prune_threshold *.connectivity_mode *.sparsify_param""",
    "cpm": "CPMData *.cpm_transform_param",
    "pixelnet": """
        SparseHypercolumnExtractor SparseHistogramExtractor *.sparse_hypercolumn_extractor_param
        *.sparse_histogram_extractor_param""",
    "other": """
        Add Mul Resize Noise PwAttend BeamSearch BeamSearchNode LSTMNode TripletImageData ExpMax
        NegSquare EvalData Sparsify
        WeightedEuclideanLoss WeightEuclideanLoss SpatialSoftmax BilinearInterpolation L2Norm
        EuclideanDistance ScaleRoute GroupNorm FocalLoss GANLoss MultiLabelImageData
        BatchTripletLoss DotProductSimilarity OuterProduct PairwiseRankingLoss RankAccuracy
        SoftmaxKLDLoss ExtendedImageData ImageFloatData GradientScaler HardMining BgrToMunsell
        DocData EuclideanLoss2 GlobalLSEMargin NaiveTripletLoss SegData StripDecimals TRT
        UniformToHistogram WeightedFmeasureLoss
        *.resize_param *.noise_param *.beam_search_param *.weight_euclidean_loss_param
        *.spatial_softmax_param *.scale_route_param *.group_norm_param *.gradient_scaler_param
        *.hard_mining_param *.rnn_param *.eval_data_param
        *.doc_data_param *.extended_image_data_param *.ganloss_param *.image_float_data_param
        *.pw_attend_param *.trt_param *.weighted_fmeasure_loss_param *.image_transform_param
        *.eltwise_affine_param
        V1:VIDEO_SEGMENTATION_DATA V1:VIDEO_WITH_VOXEL_TRUTH_DATA V1:VOXEL_SOFTMAX
        V1:MULTI_SOFTMAX V1:MULTI_SOFTMAX_LOSS V1:MCWINDOW_DATA *.mcwindow_data_param
        PoolingParameter.ceil_mode SoftmaxParameter.normalize_type
        AccuracyParameter.min_is_better
        ParameterParameter.blob_filler ParamSpec.param_propagate_down
        SolverParameter.stagelr SolverParameter.stageiter SolverParameter.stepearly
        WindowDataParameter.shuffle
        NetStateRule.phase=FORWARDA NetStateRule.phase=FORWARDB
        MemoryDataParameter.input_shapes MemoryDataParameter.source
        ImageDataParameter.has_label ImageDataParameter.bicubic ImageDataParameter.new_dim
        ImageDataParameter.normalize ImageDataParameter.min_height ImageDataParameter.min_width
        SolverParameter.monitor_test SolverParameter.monitor_test_id
        SolverParameter.max_nonfinite_test_loss SolverParameter.max_steps_without_improvement
        SolverParameter.max_periods_without_improvement SolverParameter.min_iters_per_period
        SolverParameter.max_threshold_factor FillerParameter.expectation_option
        ConvolutionParameter.out_pad ConvolutionParameter.sparse_output""",
    "augment": """
        TransformationParameter.apply_probability TransformationParameter.smooth_filtering
        TransformationParameter.contrast_brightness_adjustment TransformationParameter.debug_params
        TransformationParameter.max_color_shift TransformationParameter.max_rotation_angle
        TransformationParameter.max_smooth TransformationParameter.min_contrast
        TransformationParameter.max_contrast TransformationParameter.jpeg_compression
        TransformationParameter.min_scaling_factor TransformationParameter.max_scaling_factor
        TransformationParameter.max_brightness_shift TransformationParameter.min_side
        TransformationParameter.min_side_min TransformationParameter.min_side_max""",
    "ti": """
        SolverParameter.sparse_mode SolverParameter.display_sparsity SolverParameter.sparsity_target
        SolverParameter.sparsity_step_factor SolverParameter.sparsity_step_iter
        SolverParameter.sparsity_start_iter SolverParameter.sparsity_start_factor""",
}

LEAVE_ENGINE = "Leave engine out: caffepy chooses the fastest kernels by itself."
NORM = ('Write type: "BatchNorm", and after it type: "Scale" with scale_param '
        "{ bias_term: true }.")
SCALE_AFTER = ("Let a Scale layer with scale_param { bias_term: true } follow the BatchNorm, and "
               "leave this out.")
GROUPED = 'Write type: "Convolution" with group: N, where N is the number of channels.'
LEAVE = "Leave it out."
SIDES = "Where both sides are alike write pad, or pad_h and pad_w."
DEPTH = ("Convolution takes as many axes as its bottom has: give kernel_size, stride and pad once "
         "for each.")
DILATED = "Write dilation: {v}, the original's name for it."
CROP = ("Crop came after this format: write the net in blocks of \"layer\", each Crop with "
        "crop_param { offset }, as caffe.coord_map works it out.")

# what says the same in the original's words, where something does; {v} is the value given
CURES = {
    "BN": NORM, "V1:BN": NORM, "*.bn_param": NORM,
    "BatchNormParameter.scale_bias": SCALE_AFTER,
    "BatchNormParameter.scale_filler": SCALE_AFTER + " In scale_param it is filler.",
    "BatchNormParameter.filler": SCALE_AFTER + " scale_param has a filler, too.",
    "BatchNormParameter.bias_filler": SCALE_AFTER + " scale_param has it, too.",
    "BatchNormParameter.use_weight_bias": SCALE_AFTER,
    "BatchNormParameter.engine": LEAVE_ENGINE,
    "*.engine=MKLDNN": LEAVE_ENGINE, "*.engine=MKL2017": LEAVE_ENGINE,
    "LayerParameter.engine": LEAVE_ENGINE, "NetParameter.engine": LEAVE_ENGINE,
    "SolverParameter.engine": LEAVE_ENGINE,
    "ConvolutionDepthwise": GROUPED, "DepthwiseConvolution": GROUPED,
    "PoolingParameter.ceil_mode":
        "Write round_mode: FLOOR for ceil_mode: false; true is what happens without it.",
    "PoolingParameter.pool=AVE_EXC_PAD": "Without pad, AVE is the same.",
    "PoolingParameter.pool=AVE_TF": "Without pad, AVE is the same.",
    "ConvolutionParameter.hole": DILATED,
    "ConvolutionParameter.hole_h": "Write dilation twice: of the height, then of the width.",
    "ConvolutionParameter.hole_w": "Write dilation twice: of the height, then of the width.",
    "ConvolutionParameter.dilation_h": "Write dilation twice: of the height, then of the width.",
    "ConvolutionParameter.dilation_w": "Write dilation twice: of the height, then of the width.",
    **{f"{kind}.pad_{side}": SIDES for side in "lrtb"
       for kind in ("ConvolutionParameter", "PoolingParameter")},
    "ConvolutionParameter.relu": "Write a ReLU layer after it.",
    "ConvolutionParameter.is_relu": "Write a ReLU layer after it.",
    "ConvolutionParameter.kernel_depth": DEPTH, "ConvolutionParameter.temporal_pad": DEPTH,
    "ConvolutionParameter.temporal_stride": DEPTH, "ConvolutionParameter.kernel_shape": DEPTH,
    "ConvolutionParameter.stride_shape": DEPTH, "ConvolutionParameter.pad_shape": DEPTH,
    "NdConvolution": f'Write type: "Convolution". {DEPTH}',
    "Convolution3D": f'Write type: "Convolution". {DEPTH}',
    "V1:CONVOLUTION3D": f'Write type: "Convolution" in a block of "layer". {DEPTH}',
    "ConvolutionParameter.cudnn_convolution_algo_seeker": LEAVE,
    "ConvolutionParameter.conv_algos_override": LEAVE,
    "ConvolutionParameter.cudnn_math_override": LEAVE,
    "DataParameter.cache": LEAVE, "DataParameter.threads": LEAVE,
    "DataParameter.parser_threads": LEAVE, "ImageDataParameter.cache": LEAVE,
    "ImageDataParameter.threads": LEAVE, "TransformationParameter.use_gpu_transform": LEAVE,
    "NetParameter.eltwise_mem_sharing": LEAVE, "NetParameter.reduce_buckets": LEAVE,
    "SolverParameter.store_blobs_in_old_format": LEAVE,
    "SolverParameter.solver_data_type": LEAVE,
    "DataParameter.shuffle": "Leave it out; convert_imageset -shuffle makes a shuffled database.",
    "DropoutParameter.scale_train":
        "true: leave it out. false: let a Power layer follow with scale: 1 - dropout_ratio.",
    "LossParameter.weight_by_label_freqs":
        "InfogainLoss weighs classes: its matrix has the weights on the diagonal.",
    "LossParameter.class_weighting":
        "InfogainLoss weighs classes: its matrix has the weights on the diagonal.",
    "ReLU6": 'Write type: "ReLU", and after it type: "Clip" with clip_param { min: 0 max: 6 }.',
    "ReLUParameter.relu6": "Write a Clip layer with clip_param { min: 0 max: 6 } after the ReLU.",
    "HardSigmoid": "Power (scale: 0.2 shift: 0.5), then Clip (min: 0 max: 1), is the same.",
    "Add": 'Write type: "Eltwise", which adds.',
    "Mul": 'Write type: "Eltwise" with eltwise_param { operation: PROD }.',
    "Squeeze": 'Write type: "Reshape".',
    "AutoCrop": 'Write type: "Crop" with crop_param { offset }, as caffe.coord_map works it out.',
    "V1:CROP": CROP,
    "Axpy": "Scale of x by a (axis: 0, a reshaped to N x C), then Eltwise with y, are the same.",
    "Lstm": "It is another layer than LSTM: its weights do not fit there.",
    "V1:PADDING": "Give the convolution or pooling after it pad.",
    "ParamSpec.param_propagate_down": "Write lr_mult: 0 for a parameter that stays as it is.",
    "NetStateRule.phase=FORWARDA": "Write phase: TEST, with stage for the kinds of tests.",
    "NetStateRule.phase=FORWARDB": "Write phase: TEST, with stage for the kinds of tests.",
}
