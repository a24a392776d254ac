# Made by scripts/gen_proto from caffe.proto; do not edit.
# ruff: noqa: E501
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from google.protobuf.descriptor import Descriptor, FileDescriptor
from google.protobuf.internal.containers import (
    RepeatedCompositeFieldContainer,
    RepeatedScalarFieldContainer,
)
from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper
from google.protobuf.message import Message

DESCRIPTOR: FileDescriptor
Phase: EnumTypeWrapper
TRAIN: int
TEST: int
FORWARDA: int
FORWARDB: int
Type: EnumTypeWrapper
DOUBLE: int
FLOAT: int
FLOAT16: int
INT: int
UINT: int
BFLOAT16: int

class BlobShape(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    dim: RepeatedScalarFieldContainer[int]
    def __init__(
        self,
        *,
        dim: Iterable[int] | None = ...,
    ) -> None: ...

class BlobProto(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    num: int
    channels: int
    height: int
    width: int
    data: RepeatedScalarFieldContainer[float]
    diff: RepeatedScalarFieldContainer[float]
    shape: BlobShape
    double_data: RepeatedScalarFieldContainer[float]
    double_diff: RepeatedScalarFieldContainer[float]
    def __init__(
        self,
        *,
        num: int | None = ...,
        channels: int | None = ...,
        height: int | None = ...,
        width: int | None = ...,
        data: Iterable[float] | None = ...,
        diff: Iterable[float] | None = ...,
        shape: BlobShape | Mapping[str, Any] | None = ...,
        double_data: Iterable[float] | None = ...,
        double_diff: Iterable[float] | None = ...,
    ) -> None: ...

class BlobProtoVector(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    blobs: RepeatedCompositeFieldContainer[BlobProto]
    def __init__(
        self,
        *,
        blobs: Iterable[BlobProto | Mapping[str, Any]] | None = ...,
    ) -> None: ...

class Datum(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    channels: int
    height: int
    width: int
    data: bytes
    label: int
    float_data: RepeatedScalarFieldContainer[float]
    encoded: bool
    def __init__(
        self,
        *,
        channels: int | None = ...,
        height: int | None = ...,
        width: int | None = ...,
        data: bytes | None = ...,
        label: int | None = ...,
        float_data: Iterable[float] | None = ...,
        encoded: bool | None = ...,
    ) -> None: ...

class FillerParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    VarianceNorm: ClassVar[EnumTypeWrapper]
    FAN_IN: ClassVar[int]
    FAN_OUT: ClassVar[int]
    AVERAGE: ClassVar[int]
    type: str
    value: float
    min: float
    max: float
    mean: float
    std: float
    sparse: int
    variance_norm: int
    scale: float
    diag_val: RepeatedScalarFieldContainer[float]
    alpha: float
    expectation_option: str
    height: int
    width: int
    def __init__(
        self,
        *,
        type: str | None = ...,
        value: float | None = ...,
        min: float | None = ...,
        max: float | None = ...,
        mean: float | None = ...,
        std: float | None = ...,
        sparse: int | None = ...,
        variance_norm: int | str | None = ...,
        scale: float | None = ...,
        diag_val: Iterable[float] | None = ...,
        alpha: float | None = ...,
        expectation_option: str | None = ...,
        height: int | None = ...,
        width: int | None = ...,
    ) -> None: ...

class PictureParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    height: int
    width: int
    mean_file: str
    mean_value: RepeatedScalarFieldContainer[float]
    scale: float
    context_pad: int
    label: RepeatedScalarFieldContainer[str]
    resize_param: ResizeParameter
    shorter_side: int
    longer_side: int
    def __init__(
        self,
        *,
        height: int | None = ...,
        width: int | None = ...,
        mean_file: str | None = ...,
        mean_value: Iterable[float] | None = ...,
        scale: float | None = ...,
        context_pad: int | None = ...,
        label: Iterable[str] | None = ...,
        resize_param: ResizeParameter | Mapping[str, Any] | None = ...,
        shorter_side: int | None = ...,
        longer_side: int | None = ...,
    ) -> None: ...

class NetParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    name: str
    layers: RepeatedCompositeFieldContainer[V1LayerParameter]
    input: RepeatedScalarFieldContainer[str]
    input_dim: RepeatedScalarFieldContainer[int]
    force_backward: bool
    state: NetState
    debug_info: bool
    input_shape: RepeatedCompositeFieldContainer[BlobShape]
    layer: RepeatedCompositeFieldContainer[LayerParameter]
    default_forward_type: int
    default_backward_type: int
    default_forward_math: int
    default_backward_math: int
    global_grad_scale: float
    global_grad_scale_adaptive: bool
    picture_param: PictureParameter
    engine: str
    bn_stats_batch_size: int
    compile_net_state: CompileNetState
    multinode: MultinodeParameter
    eltwise_mem_sharing: bool
    default_conv_algos_override: str
    default_cudnn_math_override: int
    reduce_buckets: int
    mem_param: MemoryOptimizationParameter
    def __init__(
        self,
        *,
        name: str | None = ...,
        layers: Iterable[V1LayerParameter | Mapping[str, Any]] | None = ...,
        input: Iterable[str] | None = ...,
        input_dim: Iterable[int] | None = ...,
        force_backward: bool | None = ...,
        state: NetState | Mapping[str, Any] | None = ...,
        debug_info: bool | None = ...,
        input_shape: Iterable[BlobShape | Mapping[str, Any]] | None = ...,
        layer: Iterable[LayerParameter | Mapping[str, Any]] | None = ...,
        default_forward_type: int | str | None = ...,
        default_backward_type: int | str | None = ...,
        default_forward_math: int | str | None = ...,
        default_backward_math: int | str | None = ...,
        global_grad_scale: float | None = ...,
        global_grad_scale_adaptive: bool | None = ...,
        picture_param: PictureParameter | Mapping[str, Any] | None = ...,
        engine: str | None = ...,
        bn_stats_batch_size: int | None = ...,
        compile_net_state: CompileNetState | Mapping[str, Any] | None = ...,
        multinode: MultinodeParameter | Mapping[str, Any] | None = ...,
        eltwise_mem_sharing: bool | None = ...,
        default_conv_algos_override: str | None = ...,
        default_cudnn_math_override: int | None = ...,
        reduce_buckets: int | None = ...,
        mem_param: MemoryOptimizationParameter | Mapping[str, Any] | None = ...,
    ) -> None: ...

class SolverParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    SnapshotFormat: ClassVar[EnumTypeWrapper]
    HDF5: ClassVar[int]
    BINARYPROTO: ClassVar[int]
    SolverMode: ClassVar[EnumTypeWrapper]
    CPU: ClassVar[int]
    GPU: ClassVar[int]
    SolverType: ClassVar[EnumTypeWrapper]
    SGD: ClassVar[int]
    NESTEROV: ClassVar[int]
    ADAGRAD: ClassVar[int]
    RMSPROP: ClassVar[int]
    ADADELTA: ClassVar[int]
    ADAM: ClassVar[int]
    Trouble: ClassVar[EnumTypeWrapper]
    STOP: ClassVar[int]
    WARN: ClassVar[int]
    SparseMode: ClassVar[EnumTypeWrapper]
    SPARSE_NONE: ClassVar[int]
    SPARSE_UPDATE: ClassVar[int]
    train_net: str
    test_net: RepeatedScalarFieldContainer[str]
    test_iter: RepeatedScalarFieldContainer[int]
    test_interval: int
    base_lr: float
    display: int
    max_iter: int
    lr_policy: str
    gamma: float
    power: float
    momentum: float
    weight_decay: float
    stepsize: int
    snapshot: int
    snapshot_prefix: str
    snapshot_diff: bool
    solver_mode: int
    device_id: int
    test_compute_loss: bool
    random_seed: int
    train_net_param: NetParameter
    test_net_param: RepeatedCompositeFieldContainer[NetParameter]
    debug_info: bool
    net: str
    net_param: NetParameter
    train_state: NetState
    test_state: RepeatedCompositeFieldContainer[NetState]
    snapshot_after_train: bool
    regularization_type: str
    solver_type: int
    delta: float
    test_initialization: bool
    average_loss: int
    stepvalue: RepeatedScalarFieldContainer[int]
    clip_gradients: float
    iter_size: int
    snapshot_format: int
    rms_decay: float
    momentum2: float
    type: str
    layer_wise_reduce: bool
    weights: RepeatedScalarFieldContainer[str]
    snapshot_keep: int
    snapshot_errors: int
    on_nan: int
    restart_mult: float
    amsgrad: bool
    clip_policy: str
    snapshot_best: str
    patience: int
    average_decay: float
    eval_type: str
    ap_version: str
    show_per_class_result: bool
    plateau_winsize: RepeatedScalarFieldContainer[int]
    stagelr: RepeatedScalarFieldContainer[float]
    stageiter: RepeatedScalarFieldContainer[int]
    device_id_all: RepeatedScalarFieldContainer[int]
    richness: int
    disabled_update: bool
    engine: str
    warmup_iter: int
    warmup_start_lr: float
    local_lr_auto: bool
    local_gw_ratio: float
    min_lr: float
    rampup_interval: int
    rampup_lr: float
    larc: bool
    larc_policy: str
    larc_eta: float
    momentum_policy: str
    max_momentum: float
    momentum_power: float
    weight_decay_policy: str
    weight_decay_power: float
    solver_data_type: int
    store_blobs_in_old_format: bool
    test_and_snapshot_last_epochs: int
    reduce_buckets: int
    per_parameter_reduce: bool
    test_epoch_size: RepeatedScalarFieldContainer[int]
    test_interval_epoch: float
    max_epoch: int
    epoch_size: int
    monitor_test: bool
    monitor_test_id: int
    max_steps_without_improvement: int
    max_periods_without_improvement: int
    min_iters_per_period: RepeatedScalarFieldContainer[int]
    max_nonfinite_test_loss: int
    stepearly: int
    prune_threshold: float
    max_threshold_factor: float
    block_group_decay: float
    kernel_shape_decay: float
    breadth_decay: float
    gan_solver: bool
    sparse_mode: int
    sparsity_target: float
    sparsity_start_iter: int
    sparsity_start_factor: float
    sparsity_step_iter: int
    sparsity_step_factor: float
    sparsity_threshold_maxratio: float
    sparsity_threshold_value_max: float
    sparsity_itr_increment_bfr_applying: bool
    display_sparsity: int
    def __init__(
        self,
        *,
        train_net: str | None = ...,
        test_net: Iterable[str] | None = ...,
        test_iter: Iterable[int] | None = ...,
        test_interval: int | None = ...,
        base_lr: float | None = ...,
        display: int | None = ...,
        max_iter: int | None = ...,
        lr_policy: str | None = ...,
        gamma: float | None = ...,
        power: float | None = ...,
        momentum: float | None = ...,
        weight_decay: float | None = ...,
        stepsize: int | None = ...,
        snapshot: int | None = ...,
        snapshot_prefix: str | None = ...,
        snapshot_diff: bool | None = ...,
        solver_mode: int | str | None = ...,
        device_id: int | None = ...,
        test_compute_loss: bool | None = ...,
        random_seed: int | None = ...,
        train_net_param: NetParameter | Mapping[str, Any] | None = ...,
        test_net_param: Iterable[NetParameter | Mapping[str, Any]] | None = ...,
        debug_info: bool | None = ...,
        net: str | None = ...,
        net_param: NetParameter | Mapping[str, Any] | None = ...,
        train_state: NetState | Mapping[str, Any] | None = ...,
        test_state: Iterable[NetState | Mapping[str, Any]] | None = ...,
        snapshot_after_train: bool | None = ...,
        regularization_type: str | None = ...,
        solver_type: int | str | None = ...,
        delta: float | None = ...,
        test_initialization: bool | None = ...,
        average_loss: int | None = ...,
        stepvalue: Iterable[int] | None = ...,
        clip_gradients: float | None = ...,
        iter_size: int | None = ...,
        snapshot_format: int | str | None = ...,
        rms_decay: float | None = ...,
        momentum2: float | None = ...,
        type: str | None = ...,
        layer_wise_reduce: bool | None = ...,
        weights: Iterable[str] | None = ...,
        snapshot_keep: int | None = ...,
        snapshot_errors: int | str | None = ...,
        on_nan: int | str | None = ...,
        restart_mult: float | None = ...,
        amsgrad: bool | None = ...,
        clip_policy: str | None = ...,
        snapshot_best: str | None = ...,
        patience: int | None = ...,
        average_decay: float | None = ...,
        eval_type: str | None = ...,
        ap_version: str | None = ...,
        show_per_class_result: bool | None = ...,
        plateau_winsize: Iterable[int] | None = ...,
        stagelr: Iterable[float] | None = ...,
        stageiter: Iterable[int] | None = ...,
        device_id_all: Iterable[int] | None = ...,
        richness: int | None = ...,
        disabled_update: bool | None = ...,
        engine: str | None = ...,
        warmup_iter: int | None = ...,
        warmup_start_lr: float | None = ...,
        local_lr_auto: bool | None = ...,
        local_gw_ratio: float | None = ...,
        min_lr: float | None = ...,
        rampup_interval: int | None = ...,
        rampup_lr: float | None = ...,
        larc: bool | None = ...,
        larc_policy: str | None = ...,
        larc_eta: float | None = ...,
        momentum_policy: str | None = ...,
        max_momentum: float | None = ...,
        momentum_power: float | None = ...,
        weight_decay_policy: str | None = ...,
        weight_decay_power: float | None = ...,
        solver_data_type: int | str | None = ...,
        store_blobs_in_old_format: bool | None = ...,
        test_and_snapshot_last_epochs: int | None = ...,
        reduce_buckets: int | None = ...,
        per_parameter_reduce: bool | None = ...,
        test_epoch_size: Iterable[int] | None = ...,
        test_interval_epoch: float | None = ...,
        max_epoch: int | None = ...,
        epoch_size: int | None = ...,
        monitor_test: bool | None = ...,
        monitor_test_id: int | None = ...,
        max_steps_without_improvement: int | None = ...,
        max_periods_without_improvement: int | None = ...,
        min_iters_per_period: Iterable[int] | None = ...,
        max_nonfinite_test_loss: int | None = ...,
        stepearly: int | None = ...,
        prune_threshold: float | None = ...,
        max_threshold_factor: float | None = ...,
        block_group_decay: float | None = ...,
        kernel_shape_decay: float | None = ...,
        breadth_decay: float | None = ...,
        gan_solver: bool | None = ...,
        sparse_mode: int | str | None = ...,
        sparsity_target: float | None = ...,
        sparsity_start_iter: int | None = ...,
        sparsity_start_factor: float | None = ...,
        sparsity_step_iter: int | None = ...,
        sparsity_step_factor: float | None = ...,
        sparsity_threshold_maxratio: float | None = ...,
        sparsity_threshold_value_max: float | None = ...,
        sparsity_itr_increment_bfr_applying: bool | None = ...,
        display_sparsity: int | None = ...,
    ) -> None: ...

class SolverState(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    iter: int
    learned_net: str
    history: RepeatedCompositeFieldContainer[BlobProto]
    current_step: int
    layer_state: RepeatedCompositeFieldContainer[LayerState]
    seed: int
    losses: RepeatedScalarFieldContainer[float]
    smoothed_loss: float
    grad_scale: float
    good_updates: int
    minimum_loss: float
    last_event: int
    best_value: float
    best_iter: int
    tests_since_best: int
    average_net: str
    def __init__(
        self,
        *,
        iter: int | None = ...,
        learned_net: str | None = ...,
        history: Iterable[BlobProto | Mapping[str, Any]] | None = ...,
        current_step: int | None = ...,
        layer_state: Iterable[LayerState | Mapping[str, Any]] | None = ...,
        seed: int | None = ...,
        losses: Iterable[float] | None = ...,
        smoothed_loss: float | None = ...,
        grad_scale: float | None = ...,
        good_updates: int | None = ...,
        minimum_loss: float | None = ...,
        last_event: int | None = ...,
        best_value: float | None = ...,
        best_iter: int | None = ...,
        tests_since_best: int | None = ...,
        average_net: str | None = ...,
    ) -> None: ...

class LayerState(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    net: str
    layer: str
    position: int
    def __init__(
        self,
        *,
        net: str | None = ...,
        layer: str | None = ...,
        position: int | None = ...,
    ) -> None: ...

class NetState(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    phase: int
    level: int
    stage: RepeatedScalarFieldContainer[str]
    def __init__(
        self,
        *,
        phase: int | str | None = ...,
        level: int | None = ...,
        stage: Iterable[str] | None = ...,
    ) -> None: ...

class NetStateRule(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    phase: int
    min_level: int
    max_level: int
    stage: RepeatedScalarFieldContainer[str]
    not_stage: RepeatedScalarFieldContainer[str]
    def __init__(
        self,
        *,
        phase: int | str | None = ...,
        min_level: int | None = ...,
        max_level: int | None = ...,
        stage: Iterable[str] | None = ...,
        not_stage: Iterable[str] | None = ...,
    ) -> None: ...

class ParamSpec(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    DimCheckMode: ClassVar[EnumTypeWrapper]
    STRICT: ClassVar[int]
    PERMISSIVE: ClassVar[int]
    name: str
    share_mode: int
    lr_mult: float
    decay_mult: float
    param_propagate_down: bool
    force_mult: float
    regularization_type: str
    kernel_shape_decay_mult: float
    breadth_decay_mult: float
    block_group_lasso: RepeatedCompositeFieldContainer[BlockGroupLassoSpec]
    def __init__(
        self,
        *,
        name: str | None = ...,
        share_mode: int | str | None = ...,
        lr_mult: float | None = ...,
        decay_mult: float | None = ...,
        param_propagate_down: bool | None = ...,
        force_mult: float | None = ...,
        regularization_type: str | None = ...,
        kernel_shape_decay_mult: float | None = ...,
        breadth_decay_mult: float | None = ...,
        block_group_lasso: Iterable[BlockGroupLassoSpec | Mapping[str, Any]] | None = ...,
    ) -> None: ...

class LayerParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    TransformType: ClassVar[EnumTypeWrapper]
    NATIVE: ClassVar[int]
    AUGMENT: ClassVar[int]
    ConnectivityMode: ClassVar[EnumTypeWrapper]
    CONNECTED: ClassVar[int]
    DISCONNECTED_ELTWISE: ClassVar[int]
    DISCONNECTED_GRPWISE: ClassVar[int]
    name: str
    type: str
    bottom: RepeatedScalarFieldContainer[str]
    top: RepeatedScalarFieldContainer[str]
    loss_weight: RepeatedScalarFieldContainer[float]
    param: RepeatedCompositeFieldContainer[ParamSpec]
    blobs: RepeatedCompositeFieldContainer[BlobProto]
    include: RepeatedCompositeFieldContainer[NetStateRule]
    exclude: RepeatedCompositeFieldContainer[NetStateRule]
    phase: int
    propagate_down: RepeatedScalarFieldContainer[bool]
    forward_type: int
    backward_type: int
    forward_math: int
    backward_math: int
    engine: str
    quantization_param: QuantizationParameter
    multinode: MultinodeLayerParameter
    mn_activation_param: MnActivationParameter
    mn_grad_compress_param: MnParamGradCompressParameter
    reshape_every_iter: bool
    force_backward: bool
    strict_dim: bool
    connectivity_mode: int
    transform_type: int
    aug_transform_param: AugTransformationParameter
    evaluation_method: str
    cudnn_math_override: int
    softmaxloss_param: SoftmaxLossParameter
    image_transform_param: ImageTransformationParameter
    cpm_transform_param: CPMTransformationParameter
    detectnet_groundtruth_param: DetectNetGroundTruthParameter
    detectnet_augmentation_param: DetectNetAugmentationParameter
    coeff_schedule_param: CoeffScheduleParameter
    bbox_reg_param: BBoxRegParameter
    transform_param: TransformationParameter
    loss_param: LossParameter
    accuracy_param: AccuracyParameter
    argmax_param: ArgMaxParameter
    concat_param: ConcatParameter
    contrastive_loss_param: ContrastiveLossParameter
    convolution_param: ConvolutionParameter
    data_param: DataParameter
    dropout_param: DropoutParameter
    dummy_data_param: DummyDataParameter
    eltwise_param: EltwiseParameter
    exp_param: ExpParameter
    hdf5_data_param: HDF5DataParameter
    hdf5_output_param: HDF5OutputParameter
    hinge_loss_param: HingeLossParameter
    image_data_param: ImageDataParameter
    infogain_loss_param: InfogainLossParameter
    inner_product_param: InnerProductParameter
    lrn_param: LRNParameter
    memory_data_param: MemoryDataParameter
    mvn_param: MVNParameter
    pooling_param: PoolingParameter
    power_param: PowerParameter
    relu_param: ReLUParameter
    sigmoid_param: SigmoidParameter
    softmax_param: SoftmaxParameter
    slice_param: SliceParameter
    tanh_param: TanHParameter
    threshold_param: ThresholdParameter
    window_data_param: WindowDataParameter
    python_param: PythonParameter
    prelu_param: PReLUParameter
    spp_param: SPPParameter
    reshape_param: ReshapeParameter
    log_param: LogParameter
    flatten_param: FlattenParameter
    reduction_param: ReductionParameter
    embed_param: EmbedParameter
    tile_param: TileParameter
    batch_norm_param: BatchNormParameter
    elu_param: ELUParameter
    bias_param: BiasParameter
    scale_param: ScaleParameter
    input_param: InputParameter
    crop_param: CropParameter
    parameter_param: ParameterParameter
    recurrent_param: RecurrentParameter
    swish_param: SwishParameter
    clip_param: ClipParameter
    annotated_data_param: AnnotatedDataParameter
    multibox_loss_param: MultiBoxLossParameter
    permute_param: PermuteParameter
    prior_box_param: PriorBoxParameter
    detection_output_param: DetectionOutputParameter
    detection_evaluate_param: DetectionEvaluateParameter
    norm_param: NormalizeParameter
    video_data_param: VideoDataParameter
    split_param: SplitParameter
    spatial_dropout_param: SpatialDropoutParameter
    roi_pooling_param: ROIPoolingParameter
    roi_align_param: ROIAlignParameter
    smooth_l1_loss_param: SmoothL1LossParameter
    psroi_pooling_param: PSROIPoolingParameter
    box_annotator_ohem_param: BoxAnnotatorOHEMParameter
    proposal_param: ProposalParameter
    roi_warping_param: ROIWarpingParameter
    mask_resize_param: MaskResizeParameter
    image_gt_data_param: ImageGtDataParameter
    detection_loss_param: DetectionLossParameter
    detection_accuracy_param: DetectionAccuracyParameter
    box_output_param: BoxOutputParameter
    proposal_target_param: ProposalTargetParameter
    detection_data_param: DetectionDataParameter
    eval_data_param: EvalDataParameter
    detection_group_loss_param: DetectionGroupLossParameter
    detection_group_accuracy_param: DetectionGroupAccuracyParameter
    box_group_output_param: BoxGroupOutputParameter
    frcnn_output_param: FrcnnOutputParameter
    hard_mining_param: HardMiningParameter
    scale_route_param: ScaleRouteParameter
    decode_bbox_param: DecodeBBoxParameter
    frcnn_train_data_param: FrcnnTrainDataParameter
    frcnn_data_param: FrcnnDataParameter
    extract_param: ExtractParameter
    roi_mask_pooling_param: ROIMaskPoolingParameter
    ring_pad_param: RingPadParameter
    bn_param: BNParameter
    interp_param: InterpParameter
    seg_accuracy_param: SegAccuracyParameter
    dense_crf_param: DenseCRFParameter
    domain_transform_param: DomainTransformParameter
    bias_channel_param: BiasChannelParameter
    adaptive_bias_channel_param: AdaptiveBiasChannelParameter
    dominant_channel_param: DominantChannelParameter
    unique_label_param: UniqueLabelParameter
    mat_read_param: MatReadParameter
    mat_write_param: MatWriteParameter
    padding_param: PaddingParameter
    upsample_param: UpsampleParameter
    dense_image_data_param: DenseImageDataParameter
    unpooling_param: UnpoolingParameter
    eltwise_accuracy_param: EltwiseAccuracyParameter
    binary_accuracy_param: BinaryAccuracyParameter
    red_accuracy_param: RedAccuracyParameter
    red_softmax_loss_param: RedSoftmaxWithLossParameter
    multi_stage_meanfield_param: MultiStageMeanfieldParameter
    dice_coef_loss_param: DiceCoefLossParameter
    weighted_fmeasure_loss_param: WeightedFmeasureLossParameter
    sparse_hypercolumn_extractor_param: SparseHypercolumnExtractorParameter
    sparse_histogram_extractor_param: SparseHistogramExtractorParameter
    seg_data_param: SegDataParameter
    mcwindow_data_param: WindowDataParameter
    shuffle_channel_param: ShuffleChannelParameter
    relu6_param: ReLUParameter
    hard_sigmoid_param: HardSigmoidParameter
    reorg_param: ReorgParameter
    upsample_darknet_param: UpsampleDarknetParameter
    region_loss_param: RegionLossParameter
    yolo_detection_output_param: YoloDetectionOutputParameter
    yolov3_detection_output_param: Yolov3DetectionOutputParameter
    yolov3_param: Yolov3Parameter
    yolo_seg_param: YoloSegParameter
    segmentation_evaluate_param: SegmentationEvaluateParameter
    eval_detection_param: EvalDetectionParameter
    yolo_v2_loss_param: YoloV2LossParameter
    yolo_v3_loss_param: YoloV3LossParameter
    ctc_loss_param: CTCLossParameter
    ctc_decoder_param: CTCDecoderParameter
    labelsequence_accuracy_param: LabelsequenceAccuracyParameter
    continuation_indicator_param: ContinuationIndicatorParameter
    reverse_param: ReverseParameter
    transpose_param: TransposeParameter
    lstm_param: LSTMParameter
    lstm_unit_param: LSTMUnitParameter
    lstmnode_param: LSTMNodeParameter
    rnn_param: RecurrentParameter
    beam_search_param: BeamSearchParameter
    denseblock_param: DenseBlockParameter
    center_loss_param: CenterLossParameter
    multibox_center_loss_param: MultiBoxCenterLossParameter
    margin_inner_product_param: MarginInnerProductParameter
    largemargin_inner_product_param: LargeMarginInnerProductParameter
    triplet_loss_param: TripletLossParameter
    normalize_param: HappyNormalizeParameter
    channel_scale_param: ChannelScaleParameter
    flip_param: FlipParameter
    label_specific_add_param: LabelSpecificAddParameter
    label_specific_rescale_param: LabelSpecificRescaleParameter
    inner_distance_param: InnerDistanceParameter
    insanity_param: InsanityParameter
    general_contrastive_loss_param: GeneralContrastiveLossParameter
    general_triplet_loss_param: GeneralTripletLossParameter
    focal_loss_param: FocalLossParameter
    pairwise_ranking_loss_param: PairwiseRankingLossParameter
    rank_hard_loss_param: RankHardLossParameter
    mmd_param: MMDParameter
    jmmd_param: JMMDParameter
    gradient_scaler_param: GradientScalerParameter
    entropy_param: EntropyParameter
    batch_reduction_param: BatchReductionParameter
    convolution3d_param: Convolution3DParameter
    pooling3d_param: Pooling3DParameter
    down_sampling_param: DownSamplingParameter
    accum_param: AccumParameter
    augmentation_param: AugmentationParameter
    black_augmentation_param: BlackAugmentationParameter
    flow_warp_param: FlowWarpParameter
    lpq_loss_param: LpqLossParameter
    l1_loss_param: L1LossParameter
    correlation_param: CorrelationParameter
    downsample_param: DownsampleParameter
    reader_param: ReaderParameter
    writer_param: WriterParameter
    resample_param: ResampleParameter
    mean_param: MeanParameter
    warp_param: WarpParameter
    expmax_param: ExpParameter
    nms_param: NmsParameter
    imresize_param: ImResizeParameter
    au_mask_based_land_param: AUMaskBasedLandParameter
    combination_param: CombinationParameter
    division_param: DivisionParameter
    weight_euclidean_loss_param: WeightEuclideanLossParameter
    image_float_data_param: ImageFloatDataParameter
    extended_image_data_param: ExtendedImageDataParameter
    doc_data_param: DocDataParameter
    xlu_param: XLUParameter
    gan_loss_param: GANLossParameter
    ganloss_param: GANLossParameter
    depth_to_space_param: DepthToSpaceParameter
    space_to_depth_param: SpaceToDepthParameter
    resize_nearest_neighbor_param: ResizeNearestNeighborParameter
    resize_bilinear_param: ResizeBilinearParameter
    gather_param: GatherParameter
    topk_gather_param: TopkGatherParameter
    nms_gather_param: NMSGatherParameter
    gather_nd_param: GatherNdParameter
    where4_param: Where4Parameter
    where4_gathernd_param: Where4GatherndParameter
    crop_and_resize_param: CropAndResizeParameter
    where4_gathernd_crop_param: Where4GatherndCropParameter
    pyramid_roi_align_param: PyramidRoiAlignParameter
    pad_param: PadParameter
    mirror_pad_param: MirrorPadParameter
    stack_param: StackParameter
    unstack_param: UnstackParameter
    reduce_sum_param: ReduceParameter
    reduce_max_param: ReduceParameter
    reduce_min_param: ReduceParameter
    reduce_prod_param: ReduceParameter
    reduce_mean_param: ReduceParameter
    reduce_logsumexp_param: ReduceParameter
    reduce_all_param: ReduceParameter
    reduce_any_param: ReduceParameter
    reduce_l1_param: ReduceNormParameter
    reduce_l2_param: ReduceNormParameter
    selu_param: SeLuParameter
    selu_dropout_param: SeLuDropoutParameter
    space_to_batch_nd_param: SpaceToBatchNDParameter
    batch_to_space_nd_param: BatchToSpaceNDParameter
    tile_nd_param: TileNDParameter
    expand_dims_nd_param: ExpandDimsNDParameter
    squeeze_param: SqueezeParameter
    broadcast_to_param: BroadcastToParameter
    strided_slice_param: StridedSliceParameter
    piece_param: PieceParameter
    range_param: RangeParameter
    sparse_to_dense_param: SparseToDenseParameter
    embedding_lookup_param: EmbeddingLookupParameter
    embedding_lookup_sparse_param: EmbeddingLookupSparseParameter
    gemm_param: GemmParameter
    reverse_sequence_param: ReverseSequenceParameter
    thresholded_relu_param: ThresholdedReLUParameter
    squeeze_convolution_param: SqueezeConvolutionParameter
    squeeze_inner_product_param: SqueezeInnerProductParameter
    sparsify_param: SparsifyParameter
    group_norm_param: GroupNormParameter
    spatial_softmax_param: SpatialSoftmaxParameter
    eltwise_affine_param: EltwiseAffineParameter
    pw_attend_param: PwAttendParameter
    filter_param: FilterParameter
    noise_param: NoiseLayerParameter
    resize_param: ResizeLayerParameter
    trt_param: TRTParameter
    st_param: SpatialTransformerParameter
    mtcnn_data_param: MTCNNDataParameter
    yolo_param: AscendYoloParameter
    spatial_transform_param: SpatialTransformParameter
    psroi_align_param: PSROIAlignParameter
    deformable_convolution_param: ConvolutionParameter
    mixup_param: MixUpParameter
    unknown_word: RepeatedCompositeFieldContainer[UnknownWord]
    fork_fields: bytes
    int8_param: Int8Parameter
    def __init__(
        self,
        *,
        name: str | None = ...,
        type: str | None = ...,
        bottom: Iterable[str] | None = ...,
        top: Iterable[str] | None = ...,
        loss_weight: Iterable[float] | None = ...,
        param: Iterable[ParamSpec | Mapping[str, Any]] | None = ...,
        blobs: Iterable[BlobProto | Mapping[str, Any]] | None = ...,
        include: Iterable[NetStateRule | Mapping[str, Any]] | None = ...,
        exclude: Iterable[NetStateRule | Mapping[str, Any]] | None = ...,
        phase: int | str | None = ...,
        propagate_down: Iterable[bool] | None = ...,
        forward_type: int | str | None = ...,
        backward_type: int | str | None = ...,
        forward_math: int | str | None = ...,
        backward_math: int | str | None = ...,
        engine: str | None = ...,
        quantization_param: QuantizationParameter | Mapping[str, Any] | None = ...,
        multinode: MultinodeLayerParameter | Mapping[str, Any] | None = ...,
        mn_activation_param: MnActivationParameter | Mapping[str, Any] | None = ...,
        mn_grad_compress_param: MnParamGradCompressParameter | Mapping[str, Any] | None = ...,
        reshape_every_iter: bool | None = ...,
        force_backward: bool | None = ...,
        strict_dim: bool | None = ...,
        connectivity_mode: int | str | None = ...,
        transform_type: int | str | None = ...,
        aug_transform_param: AugTransformationParameter | Mapping[str, Any] | None = ...,
        evaluation_method: str | None = ...,
        cudnn_math_override: int | None = ...,
        softmaxloss_param: SoftmaxLossParameter | Mapping[str, Any] | None = ...,
        image_transform_param: ImageTransformationParameter | Mapping[str, Any] | None = ...,
        cpm_transform_param: CPMTransformationParameter | Mapping[str, Any] | None = ...,
        detectnet_groundtruth_param: DetectNetGroundTruthParameter | Mapping[str, Any] | None = ...,
        detectnet_augmentation_param: DetectNetAugmentationParameter | Mapping[str, Any] | None = ...,
        coeff_schedule_param: CoeffScheduleParameter | Mapping[str, Any] | None = ...,
        bbox_reg_param: BBoxRegParameter | Mapping[str, Any] | None = ...,
        transform_param: TransformationParameter | Mapping[str, Any] | None = ...,
        loss_param: LossParameter | Mapping[str, Any] | None = ...,
        accuracy_param: AccuracyParameter | Mapping[str, Any] | None = ...,
        argmax_param: ArgMaxParameter | Mapping[str, Any] | None = ...,
        concat_param: ConcatParameter | Mapping[str, Any] | None = ...,
        contrastive_loss_param: ContrastiveLossParameter | Mapping[str, Any] | None = ...,
        convolution_param: ConvolutionParameter | Mapping[str, Any] | None = ...,
        data_param: DataParameter | Mapping[str, Any] | None = ...,
        dropout_param: DropoutParameter | Mapping[str, Any] | None = ...,
        dummy_data_param: DummyDataParameter | Mapping[str, Any] | None = ...,
        eltwise_param: EltwiseParameter | Mapping[str, Any] | None = ...,
        exp_param: ExpParameter | Mapping[str, Any] | None = ...,
        hdf5_data_param: HDF5DataParameter | Mapping[str, Any] | None = ...,
        hdf5_output_param: HDF5OutputParameter | Mapping[str, Any] | None = ...,
        hinge_loss_param: HingeLossParameter | Mapping[str, Any] | None = ...,
        image_data_param: ImageDataParameter | Mapping[str, Any] | None = ...,
        infogain_loss_param: InfogainLossParameter | Mapping[str, Any] | None = ...,
        inner_product_param: InnerProductParameter | Mapping[str, Any] | None = ...,
        lrn_param: LRNParameter | Mapping[str, Any] | None = ...,
        memory_data_param: MemoryDataParameter | Mapping[str, Any] | None = ...,
        mvn_param: MVNParameter | Mapping[str, Any] | None = ...,
        pooling_param: PoolingParameter | Mapping[str, Any] | None = ...,
        power_param: PowerParameter | Mapping[str, Any] | None = ...,
        relu_param: ReLUParameter | Mapping[str, Any] | None = ...,
        sigmoid_param: SigmoidParameter | Mapping[str, Any] | None = ...,
        softmax_param: SoftmaxParameter | Mapping[str, Any] | None = ...,
        slice_param: SliceParameter | Mapping[str, Any] | None = ...,
        tanh_param: TanHParameter | Mapping[str, Any] | None = ...,
        threshold_param: ThresholdParameter | Mapping[str, Any] | None = ...,
        window_data_param: WindowDataParameter | Mapping[str, Any] | None = ...,
        python_param: PythonParameter | Mapping[str, Any] | None = ...,
        prelu_param: PReLUParameter | Mapping[str, Any] | None = ...,
        spp_param: SPPParameter | Mapping[str, Any] | None = ...,
        reshape_param: ReshapeParameter | Mapping[str, Any] | None = ...,
        log_param: LogParameter | Mapping[str, Any] | None = ...,
        flatten_param: FlattenParameter | Mapping[str, Any] | None = ...,
        reduction_param: ReductionParameter | Mapping[str, Any] | None = ...,
        embed_param: EmbedParameter | Mapping[str, Any] | None = ...,
        tile_param: TileParameter | Mapping[str, Any] | None = ...,
        batch_norm_param: BatchNormParameter | Mapping[str, Any] | None = ...,
        elu_param: ELUParameter | Mapping[str, Any] | None = ...,
        bias_param: BiasParameter | Mapping[str, Any] | None = ...,
        scale_param: ScaleParameter | Mapping[str, Any] | None = ...,
        input_param: InputParameter | Mapping[str, Any] | None = ...,
        crop_param: CropParameter | Mapping[str, Any] | None = ...,
        parameter_param: ParameterParameter | Mapping[str, Any] | None = ...,
        recurrent_param: RecurrentParameter | Mapping[str, Any] | None = ...,
        swish_param: SwishParameter | Mapping[str, Any] | None = ...,
        clip_param: ClipParameter | Mapping[str, Any] | None = ...,
        annotated_data_param: AnnotatedDataParameter | Mapping[str, Any] | None = ...,
        multibox_loss_param: MultiBoxLossParameter | Mapping[str, Any] | None = ...,
        permute_param: PermuteParameter | Mapping[str, Any] | None = ...,
        prior_box_param: PriorBoxParameter | Mapping[str, Any] | None = ...,
        detection_output_param: DetectionOutputParameter | Mapping[str, Any] | None = ...,
        detection_evaluate_param: DetectionEvaluateParameter | Mapping[str, Any] | None = ...,
        norm_param: NormalizeParameter | Mapping[str, Any] | None = ...,
        video_data_param: VideoDataParameter | Mapping[str, Any] | None = ...,
        split_param: SplitParameter | Mapping[str, Any] | None = ...,
        spatial_dropout_param: SpatialDropoutParameter | Mapping[str, Any] | None = ...,
        roi_pooling_param: ROIPoolingParameter | Mapping[str, Any] | None = ...,
        roi_align_param: ROIAlignParameter | Mapping[str, Any] | None = ...,
        smooth_l1_loss_param: SmoothL1LossParameter | Mapping[str, Any] | None = ...,
        psroi_pooling_param: PSROIPoolingParameter | Mapping[str, Any] | None = ...,
        box_annotator_ohem_param: BoxAnnotatorOHEMParameter | Mapping[str, Any] | None = ...,
        proposal_param: ProposalParameter | Mapping[str, Any] | None = ...,
        roi_warping_param: ROIWarpingParameter | Mapping[str, Any] | None = ...,
        mask_resize_param: MaskResizeParameter | Mapping[str, Any] | None = ...,
        image_gt_data_param: ImageGtDataParameter | Mapping[str, Any] | None = ...,
        detection_loss_param: DetectionLossParameter | Mapping[str, Any] | None = ...,
        detection_accuracy_param: DetectionAccuracyParameter | Mapping[str, Any] | None = ...,
        box_output_param: BoxOutputParameter | Mapping[str, Any] | None = ...,
        proposal_target_param: ProposalTargetParameter | Mapping[str, Any] | None = ...,
        detection_data_param: DetectionDataParameter | Mapping[str, Any] | None = ...,
        eval_data_param: EvalDataParameter | Mapping[str, Any] | None = ...,
        detection_group_loss_param: DetectionGroupLossParameter | Mapping[str, Any] | None = ...,
        detection_group_accuracy_param: DetectionGroupAccuracyParameter | Mapping[str, Any] | None = ...,
        box_group_output_param: BoxGroupOutputParameter | Mapping[str, Any] | None = ...,
        frcnn_output_param: FrcnnOutputParameter | Mapping[str, Any] | None = ...,
        hard_mining_param: HardMiningParameter | Mapping[str, Any] | None = ...,
        scale_route_param: ScaleRouteParameter | Mapping[str, Any] | None = ...,
        decode_bbox_param: DecodeBBoxParameter | Mapping[str, Any] | None = ...,
        frcnn_train_data_param: FrcnnTrainDataParameter | Mapping[str, Any] | None = ...,
        frcnn_data_param: FrcnnDataParameter | Mapping[str, Any] | None = ...,
        extract_param: ExtractParameter | Mapping[str, Any] | None = ...,
        roi_mask_pooling_param: ROIMaskPoolingParameter | Mapping[str, Any] | None = ...,
        ring_pad_param: RingPadParameter | Mapping[str, Any] | None = ...,
        bn_param: BNParameter | Mapping[str, Any] | None = ...,
        interp_param: InterpParameter | Mapping[str, Any] | None = ...,
        seg_accuracy_param: SegAccuracyParameter | Mapping[str, Any] | None = ...,
        dense_crf_param: DenseCRFParameter | Mapping[str, Any] | None = ...,
        domain_transform_param: DomainTransformParameter | Mapping[str, Any] | None = ...,
        bias_channel_param: BiasChannelParameter | Mapping[str, Any] | None = ...,
        adaptive_bias_channel_param: AdaptiveBiasChannelParameter | Mapping[str, Any] | None = ...,
        dominant_channel_param: DominantChannelParameter | Mapping[str, Any] | None = ...,
        unique_label_param: UniqueLabelParameter | Mapping[str, Any] | None = ...,
        mat_read_param: MatReadParameter | Mapping[str, Any] | None = ...,
        mat_write_param: MatWriteParameter | Mapping[str, Any] | None = ...,
        padding_param: PaddingParameter | Mapping[str, Any] | None = ...,
        upsample_param: UpsampleParameter | Mapping[str, Any] | None = ...,
        dense_image_data_param: DenseImageDataParameter | Mapping[str, Any] | None = ...,
        unpooling_param: UnpoolingParameter | Mapping[str, Any] | None = ...,
        eltwise_accuracy_param: EltwiseAccuracyParameter | Mapping[str, Any] | None = ...,
        binary_accuracy_param: BinaryAccuracyParameter | Mapping[str, Any] | None = ...,
        red_accuracy_param: RedAccuracyParameter | Mapping[str, Any] | None = ...,
        red_softmax_loss_param: RedSoftmaxWithLossParameter | Mapping[str, Any] | None = ...,
        multi_stage_meanfield_param: MultiStageMeanfieldParameter | Mapping[str, Any] | None = ...,
        dice_coef_loss_param: DiceCoefLossParameter | Mapping[str, Any] | None = ...,
        weighted_fmeasure_loss_param: WeightedFmeasureLossParameter | Mapping[str, Any] | None = ...,
        sparse_hypercolumn_extractor_param: SparseHypercolumnExtractorParameter | Mapping[str, Any] | None = ...,
        sparse_histogram_extractor_param: SparseHistogramExtractorParameter | Mapping[str, Any] | None = ...,
        seg_data_param: SegDataParameter | Mapping[str, Any] | None = ...,
        mcwindow_data_param: WindowDataParameter | Mapping[str, Any] | None = ...,
        shuffle_channel_param: ShuffleChannelParameter | Mapping[str, Any] | None = ...,
        relu6_param: ReLUParameter | Mapping[str, Any] | None = ...,
        hard_sigmoid_param: HardSigmoidParameter | Mapping[str, Any] | None = ...,
        reorg_param: ReorgParameter | Mapping[str, Any] | None = ...,
        upsample_darknet_param: UpsampleDarknetParameter | Mapping[str, Any] | None = ...,
        region_loss_param: RegionLossParameter | Mapping[str, Any] | None = ...,
        yolo_detection_output_param: YoloDetectionOutputParameter | Mapping[str, Any] | None = ...,
        yolov3_detection_output_param: Yolov3DetectionOutputParameter | Mapping[str, Any] | None = ...,
        yolov3_param: Yolov3Parameter | Mapping[str, Any] | None = ...,
        yolo_seg_param: YoloSegParameter | Mapping[str, Any] | None = ...,
        segmentation_evaluate_param: SegmentationEvaluateParameter | Mapping[str, Any] | None = ...,
        eval_detection_param: EvalDetectionParameter | Mapping[str, Any] | None = ...,
        yolo_v2_loss_param: YoloV2LossParameter | Mapping[str, Any] | None = ...,
        yolo_v3_loss_param: YoloV3LossParameter | Mapping[str, Any] | None = ...,
        ctc_loss_param: CTCLossParameter | Mapping[str, Any] | None = ...,
        ctc_decoder_param: CTCDecoderParameter | Mapping[str, Any] | None = ...,
        labelsequence_accuracy_param: LabelsequenceAccuracyParameter | Mapping[str, Any] | None = ...,
        continuation_indicator_param: ContinuationIndicatorParameter | Mapping[str, Any] | None = ...,
        reverse_param: ReverseParameter | Mapping[str, Any] | None = ...,
        transpose_param: TransposeParameter | Mapping[str, Any] | None = ...,
        lstm_param: LSTMParameter | Mapping[str, Any] | None = ...,
        lstm_unit_param: LSTMUnitParameter | Mapping[str, Any] | None = ...,
        lstmnode_param: LSTMNodeParameter | Mapping[str, Any] | None = ...,
        rnn_param: RecurrentParameter | Mapping[str, Any] | None = ...,
        beam_search_param: BeamSearchParameter | Mapping[str, Any] | None = ...,
        denseblock_param: DenseBlockParameter | Mapping[str, Any] | None = ...,
        center_loss_param: CenterLossParameter | Mapping[str, Any] | None = ...,
        multibox_center_loss_param: MultiBoxCenterLossParameter | Mapping[str, Any] | None = ...,
        margin_inner_product_param: MarginInnerProductParameter | Mapping[str, Any] | None = ...,
        largemargin_inner_product_param: LargeMarginInnerProductParameter | Mapping[str, Any] | None = ...,
        triplet_loss_param: TripletLossParameter | Mapping[str, Any] | None = ...,
        normalize_param: HappyNormalizeParameter | Mapping[str, Any] | None = ...,
        channel_scale_param: ChannelScaleParameter | Mapping[str, Any] | None = ...,
        flip_param: FlipParameter | Mapping[str, Any] | None = ...,
        label_specific_add_param: LabelSpecificAddParameter | Mapping[str, Any] | None = ...,
        label_specific_rescale_param: LabelSpecificRescaleParameter | Mapping[str, Any] | None = ...,
        inner_distance_param: InnerDistanceParameter | Mapping[str, Any] | None = ...,
        insanity_param: InsanityParameter | Mapping[str, Any] | None = ...,
        general_contrastive_loss_param: GeneralContrastiveLossParameter | Mapping[str, Any] | None = ...,
        general_triplet_loss_param: GeneralTripletLossParameter | Mapping[str, Any] | None = ...,
        focal_loss_param: FocalLossParameter | Mapping[str, Any] | None = ...,
        pairwise_ranking_loss_param: PairwiseRankingLossParameter | Mapping[str, Any] | None = ...,
        rank_hard_loss_param: RankHardLossParameter | Mapping[str, Any] | None = ...,
        mmd_param: MMDParameter | Mapping[str, Any] | None = ...,
        jmmd_param: JMMDParameter | Mapping[str, Any] | None = ...,
        gradient_scaler_param: GradientScalerParameter | Mapping[str, Any] | None = ...,
        entropy_param: EntropyParameter | Mapping[str, Any] | None = ...,
        batch_reduction_param: BatchReductionParameter | Mapping[str, Any] | None = ...,
        convolution3d_param: Convolution3DParameter | Mapping[str, Any] | None = ...,
        pooling3d_param: Pooling3DParameter | Mapping[str, Any] | None = ...,
        down_sampling_param: DownSamplingParameter | Mapping[str, Any] | None = ...,
        accum_param: AccumParameter | Mapping[str, Any] | None = ...,
        augmentation_param: AugmentationParameter | Mapping[str, Any] | None = ...,
        black_augmentation_param: BlackAugmentationParameter | Mapping[str, Any] | None = ...,
        flow_warp_param: FlowWarpParameter | Mapping[str, Any] | None = ...,
        lpq_loss_param: LpqLossParameter | Mapping[str, Any] | None = ...,
        l1_loss_param: L1LossParameter | Mapping[str, Any] | None = ...,
        correlation_param: CorrelationParameter | Mapping[str, Any] | None = ...,
        downsample_param: DownsampleParameter | Mapping[str, Any] | None = ...,
        reader_param: ReaderParameter | Mapping[str, Any] | None = ...,
        writer_param: WriterParameter | Mapping[str, Any] | None = ...,
        resample_param: ResampleParameter | Mapping[str, Any] | None = ...,
        mean_param: MeanParameter | Mapping[str, Any] | None = ...,
        warp_param: WarpParameter | Mapping[str, Any] | None = ...,
        expmax_param: ExpParameter | Mapping[str, Any] | None = ...,
        nms_param: NmsParameter | Mapping[str, Any] | None = ...,
        imresize_param: ImResizeParameter | Mapping[str, Any] | None = ...,
        au_mask_based_land_param: AUMaskBasedLandParameter | Mapping[str, Any] | None = ...,
        combination_param: CombinationParameter | Mapping[str, Any] | None = ...,
        division_param: DivisionParameter | Mapping[str, Any] | None = ...,
        weight_euclidean_loss_param: WeightEuclideanLossParameter | Mapping[str, Any] | None = ...,
        image_float_data_param: ImageFloatDataParameter | Mapping[str, Any] | None = ...,
        extended_image_data_param: ExtendedImageDataParameter | Mapping[str, Any] | None = ...,
        doc_data_param: DocDataParameter | Mapping[str, Any] | None = ...,
        xlu_param: XLUParameter | Mapping[str, Any] | None = ...,
        gan_loss_param: GANLossParameter | Mapping[str, Any] | None = ...,
        ganloss_param: GANLossParameter | Mapping[str, Any] | None = ...,
        depth_to_space_param: DepthToSpaceParameter | Mapping[str, Any] | None = ...,
        space_to_depth_param: SpaceToDepthParameter | Mapping[str, Any] | None = ...,
        resize_nearest_neighbor_param: ResizeNearestNeighborParameter | Mapping[str, Any] | None = ...,
        resize_bilinear_param: ResizeBilinearParameter | Mapping[str, Any] | None = ...,
        gather_param: GatherParameter | Mapping[str, Any] | None = ...,
        topk_gather_param: TopkGatherParameter | Mapping[str, Any] | None = ...,
        nms_gather_param: NMSGatherParameter | Mapping[str, Any] | None = ...,
        gather_nd_param: GatherNdParameter | Mapping[str, Any] | None = ...,
        where4_param: Where4Parameter | Mapping[str, Any] | None = ...,
        where4_gathernd_param: Where4GatherndParameter | Mapping[str, Any] | None = ...,
        crop_and_resize_param: CropAndResizeParameter | Mapping[str, Any] | None = ...,
        where4_gathernd_crop_param: Where4GatherndCropParameter | Mapping[str, Any] | None = ...,
        pyramid_roi_align_param: PyramidRoiAlignParameter | Mapping[str, Any] | None = ...,
        pad_param: PadParameter | Mapping[str, Any] | None = ...,
        mirror_pad_param: MirrorPadParameter | Mapping[str, Any] | None = ...,
        stack_param: StackParameter | Mapping[str, Any] | None = ...,
        unstack_param: UnstackParameter | Mapping[str, Any] | None = ...,
        reduce_sum_param: ReduceParameter | Mapping[str, Any] | None = ...,
        reduce_max_param: ReduceParameter | Mapping[str, Any] | None = ...,
        reduce_min_param: ReduceParameter | Mapping[str, Any] | None = ...,
        reduce_prod_param: ReduceParameter | Mapping[str, Any] | None = ...,
        reduce_mean_param: ReduceParameter | Mapping[str, Any] | None = ...,
        reduce_logsumexp_param: ReduceParameter | Mapping[str, Any] | None = ...,
        reduce_all_param: ReduceParameter | Mapping[str, Any] | None = ...,
        reduce_any_param: ReduceParameter | Mapping[str, Any] | None = ...,
        reduce_l1_param: ReduceNormParameter | Mapping[str, Any] | None = ...,
        reduce_l2_param: ReduceNormParameter | Mapping[str, Any] | None = ...,
        selu_param: SeLuParameter | Mapping[str, Any] | None = ...,
        selu_dropout_param: SeLuDropoutParameter | Mapping[str, Any] | None = ...,
        space_to_batch_nd_param: SpaceToBatchNDParameter | Mapping[str, Any] | None = ...,
        batch_to_space_nd_param: BatchToSpaceNDParameter | Mapping[str, Any] | None = ...,
        tile_nd_param: TileNDParameter | Mapping[str, Any] | None = ...,
        expand_dims_nd_param: ExpandDimsNDParameter | Mapping[str, Any] | None = ...,
        squeeze_param: SqueezeParameter | Mapping[str, Any] | None = ...,
        broadcast_to_param: BroadcastToParameter | Mapping[str, Any] | None = ...,
        strided_slice_param: StridedSliceParameter | Mapping[str, Any] | None = ...,
        piece_param: PieceParameter | Mapping[str, Any] | None = ...,
        range_param: RangeParameter | Mapping[str, Any] | None = ...,
        sparse_to_dense_param: SparseToDenseParameter | Mapping[str, Any] | None = ...,
        embedding_lookup_param: EmbeddingLookupParameter | Mapping[str, Any] | None = ...,
        embedding_lookup_sparse_param: EmbeddingLookupSparseParameter | Mapping[str, Any] | None = ...,
        gemm_param: GemmParameter | Mapping[str, Any] | None = ...,
        reverse_sequence_param: ReverseSequenceParameter | Mapping[str, Any] | None = ...,
        thresholded_relu_param: ThresholdedReLUParameter | Mapping[str, Any] | None = ...,
        squeeze_convolution_param: SqueezeConvolutionParameter | Mapping[str, Any] | None = ...,
        squeeze_inner_product_param: SqueezeInnerProductParameter | Mapping[str, Any] | None = ...,
        sparsify_param: SparsifyParameter | Mapping[str, Any] | None = ...,
        group_norm_param: GroupNormParameter | Mapping[str, Any] | None = ...,
        spatial_softmax_param: SpatialSoftmaxParameter | Mapping[str, Any] | None = ...,
        eltwise_affine_param: EltwiseAffineParameter | Mapping[str, Any] | None = ...,
        pw_attend_param: PwAttendParameter | Mapping[str, Any] | None = ...,
        filter_param: FilterParameter | Mapping[str, Any] | None = ...,
        noise_param: NoiseLayerParameter | Mapping[str, Any] | None = ...,
        resize_param: ResizeLayerParameter | Mapping[str, Any] | None = ...,
        trt_param: TRTParameter | Mapping[str, Any] | None = ...,
        st_param: SpatialTransformerParameter | Mapping[str, Any] | None = ...,
        mtcnn_data_param: MTCNNDataParameter | Mapping[str, Any] | None = ...,
        yolo_param: AscendYoloParameter | Mapping[str, Any] | None = ...,
        spatial_transform_param: SpatialTransformParameter | Mapping[str, Any] | None = ...,
        psroi_align_param: PSROIAlignParameter | Mapping[str, Any] | None = ...,
        deformable_convolution_param: ConvolutionParameter | Mapping[str, Any] | None = ...,
        mixup_param: MixUpParameter | Mapping[str, Any] | None = ...,
        unknown_word: Iterable[UnknownWord | Mapping[str, Any]] | None = ...,
        fork_fields: bytes | None = ...,
        int8_param: Int8Parameter | Mapping[str, Any] | None = ...,
    ) -> None: ...

class Int8Parameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    input_scale: float
    input_signed: bool
    def __init__(
        self,
        *,
        input_scale: float | None = ...,
        input_signed: bool | None = ...,
    ) -> None: ...

class UnknownWord(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    within: str
    text: str
    def __init__(
        self,
        *,
        within: str | None = ...,
        text: str | None = ...,
    ) -> None: ...

class TransformationParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    InterpolationAlgo: ClassVar[EnumTypeWrapper]
    INTER_NEAREST: ClassVar[int]
    INTER_LINEAR: ClassVar[int]
    INTER_CUBIC: ClassVar[int]
    INTER_AREA: ClassVar[int]
    scale: float
    mirror: bool
    crop_size: int
    mean_file: str
    mean_value: RepeatedScalarFieldContainer[float]
    force_color: bool
    force_gray: bool
    resize_param: RepeatedCompositeFieldContainer[ResizeParameter]
    noise_param: NoiseParameter
    emit_constraint: EmitConstraint
    crop_h: int
    crop_w: int
    distort_param: DistortionParameter
    expand_param: ExpansionParameter
    random_resize_param: RandomResizeParameter
    random_aspect_ratio_param: RandomAspectRatioParameter
    flow: bool
    scale_factors: RepeatedScalarFieldContainer[float]
    crop_width: int
    crop_height: int
    caffe_yolo: bool
    bgr2rgb: bool
    fix_crop: bool
    more_fix_crop: bool
    multi_scale: bool
    scale_ratios: RepeatedScalarFieldContainer[float]
    max_distort: int
    is_flow: bool
    original_image: bool
    use_gpu_transform: bool
    img_rand_resize_lower: int
    img_rand_resize_upper: int
    rand_resize_ratio_lower: float
    rand_resize_ratio_upper: float
    vertical_stretch_lower: float
    vertical_stretch_upper: float
    horizontal_stretch_lower: float
    horizontal_stretch_upper: float
    allow_upscale: bool
    interpolation_algo_down: int
    interpolation_algo_up: int
    random_seed: int
    display: bool
    num_labels: int
    apply_probability: float
    contrast_brightness_adjustment: bool
    min_contrast: float
    max_contrast: float
    max_brightness_shift: int
    smooth_filtering: bool
    max_smooth: float
    max_color_shift: int
    max_rotation_angle: float
    min_scaling_factor: float
    max_scaling_factor: float
    min_side: int
    min_side_min: int
    min_side_max: int
    debug_params: bool
    stride: int
    pad_ratio: float
    padding: int
    padding_mode: int
    padding_value: RepeatedScalarFieldContainer[float]
    cutout_param: CutoutParameter
    affine_param: AffineParameter
    perspective_param: PerspectiveParameter
    lighting_param: LightingParameter
    blur_param: BlurParameter
    gauss_noise_param: GaussNoiseParameter
    jpeg_param: JpegParameter
    def __init__(
        self,
        *,
        scale: float | None = ...,
        mirror: bool | None = ...,
        crop_size: int | None = ...,
        mean_file: str | None = ...,
        mean_value: Iterable[float] | None = ...,
        force_color: bool | None = ...,
        force_gray: bool | None = ...,
        resize_param: Iterable[ResizeParameter | Mapping[str, Any]] | None = ...,
        noise_param: NoiseParameter | Mapping[str, Any] | None = ...,
        emit_constraint: EmitConstraint | Mapping[str, Any] | None = ...,
        crop_h: int | None = ...,
        crop_w: int | None = ...,
        distort_param: DistortionParameter | Mapping[str, Any] | None = ...,
        expand_param: ExpansionParameter | Mapping[str, Any] | None = ...,
        random_resize_param: RandomResizeParameter | Mapping[str, Any] | None = ...,
        random_aspect_ratio_param: RandomAspectRatioParameter | Mapping[str, Any] | None = ...,
        flow: bool | None = ...,
        scale_factors: Iterable[float] | None = ...,
        crop_width: int | None = ...,
        crop_height: int | None = ...,
        caffe_yolo: bool | None = ...,
        bgr2rgb: bool | None = ...,
        fix_crop: bool | None = ...,
        more_fix_crop: bool | None = ...,
        multi_scale: bool | None = ...,
        scale_ratios: Iterable[float] | None = ...,
        max_distort: int | None = ...,
        is_flow: bool | None = ...,
        original_image: bool | None = ...,
        use_gpu_transform: bool | None = ...,
        img_rand_resize_lower: int | None = ...,
        img_rand_resize_upper: int | None = ...,
        rand_resize_ratio_lower: float | None = ...,
        rand_resize_ratio_upper: float | None = ...,
        vertical_stretch_lower: float | None = ...,
        vertical_stretch_upper: float | None = ...,
        horizontal_stretch_lower: float | None = ...,
        horizontal_stretch_upper: float | None = ...,
        allow_upscale: bool | None = ...,
        interpolation_algo_down: int | str | None = ...,
        interpolation_algo_up: int | str | None = ...,
        random_seed: int | None = ...,
        display: bool | None = ...,
        num_labels: int | None = ...,
        apply_probability: float | None = ...,
        contrast_brightness_adjustment: bool | None = ...,
        min_contrast: float | None = ...,
        max_contrast: float | None = ...,
        max_brightness_shift: int | None = ...,
        smooth_filtering: bool | None = ...,
        max_smooth: float | None = ...,
        max_color_shift: int | None = ...,
        max_rotation_angle: float | None = ...,
        min_scaling_factor: float | None = ...,
        max_scaling_factor: float | None = ...,
        min_side: int | None = ...,
        min_side_min: int | None = ...,
        min_side_max: int | None = ...,
        debug_params: bool | None = ...,
        stride: int | None = ...,
        pad_ratio: float | None = ...,
        padding: int | None = ...,
        padding_mode: int | str | None = ...,
        padding_value: Iterable[float] | None = ...,
        cutout_param: CutoutParameter | Mapping[str, Any] | None = ...,
        affine_param: AffineParameter | Mapping[str, Any] | None = ...,
        perspective_param: PerspectiveParameter | Mapping[str, Any] | None = ...,
        lighting_param: LightingParameter | Mapping[str, Any] | None = ...,
        blur_param: BlurParameter | Mapping[str, Any] | None = ...,
        gauss_noise_param: GaussNoiseParameter | Mapping[str, Any] | None = ...,
        jpeg_param: JpegParameter | Mapping[str, Any] | None = ...,
    ) -> None: ...

class CutoutParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    prob: float
    count: int
    size: int
    def __init__(
        self,
        *,
        prob: float | None = ...,
        count: int | None = ...,
        size: int | None = ...,
    ) -> None: ...

class AffineParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    prob: float
    max_rotate_angle: float
    max_shear_ratio: float
    max_aspect_ratio: float
    min_random_scale: float
    max_random_scale: float
    max_random_shift: float
    interp_mode: int
    pad_mode: int
    pad_value: RepeatedScalarFieldContainer[float]
    def __init__(
        self,
        *,
        prob: float | None = ...,
        max_rotate_angle: float | None = ...,
        max_shear_ratio: float | None = ...,
        max_aspect_ratio: float | None = ...,
        min_random_scale: float | None = ...,
        max_random_scale: float | None = ...,
        max_random_shift: float | None = ...,
        interp_mode: int | str | None = ...,
        pad_mode: int | str | None = ...,
        pad_value: Iterable[float] | None = ...,
    ) -> None: ...

class PerspectiveParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    prob: float
    max_shift: float
    interp_mode: int
    pad_mode: int
    pad_value: RepeatedScalarFieldContainer[float]
    def __init__(
        self,
        *,
        prob: float | None = ...,
        max_shift: float | None = ...,
        interp_mode: int | str | None = ...,
        pad_mode: int | str | None = ...,
        pad_value: Iterable[float] | None = ...,
    ) -> None: ...

class LightingParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    prob: float
    std: float
    eigval: RepeatedScalarFieldContainer[float]
    eigvec: RepeatedScalarFieldContainer[float]
    def __init__(
        self,
        *,
        prob: float | None = ...,
        std: float | None = ...,
        eigval: Iterable[float] | None = ...,
        eigvec: Iterable[float] | None = ...,
    ) -> None: ...

class BlurParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    prob: float
    min_sigma: float
    max_sigma: float
    def __init__(
        self,
        *,
        prob: float | None = ...,
        min_sigma: float | None = ...,
        max_sigma: float | None = ...,
    ) -> None: ...

class GaussNoiseParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    prob: float
    min_std: float
    max_std: float
    def __init__(
        self,
        *,
        prob: float | None = ...,
        min_std: float | None = ...,
        max_std: float | None = ...,
    ) -> None: ...

class JpegParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    prob: float
    min_quality: int
    max_quality: int
    def __init__(
        self,
        *,
        prob: float | None = ...,
        min_quality: int | None = ...,
        max_quality: int | None = ...,
    ) -> None: ...

class MixUpParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    num_classes: int
    alpha: float
    cutmix_alpha: float
    prob: float
    switch_prob: float
    def __init__(
        self,
        *,
        num_classes: int | None = ...,
        alpha: float | None = ...,
        cutmix_alpha: float | None = ...,
        prob: float | None = ...,
        switch_prob: float | None = ...,
    ) -> None: ...

class MixedSource(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    source: str
    backend: int
    weight: float
    def __init__(
        self,
        *,
        source: str | None = ...,
        backend: int | str | None = ...,
        weight: float | None = ...,
    ) -> None: ...

class LossParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    NormalizationMode: ClassVar[EnumTypeWrapper]
    FULL: ClassVar[int]
    VALID: ClassVar[int]
    BATCH_SIZE: ClassVar[int]
    NONE: ClassVar[int]
    PRE_FIXED: ClassVar[int]
    ignore_label: int
    normalize: bool
    normalization: int
    pre_fixed_normalizer: float
    weight_by_label_freqs: bool
    class_weighting: RepeatedScalarFieldContainer[float]
    label_smoothing: float
    weight_source: str
    soft_labels: bool
    def __init__(
        self,
        *,
        ignore_label: int | None = ...,
        normalize: bool | None = ...,
        normalization: int | str | None = ...,
        pre_fixed_normalizer: float | None = ...,
        weight_by_label_freqs: bool | None = ...,
        class_weighting: Iterable[float] | None = ...,
        label_smoothing: float | None = ...,
        weight_source: str | None = ...,
        soft_labels: bool | None = ...,
    ) -> None: ...

class AccuracyParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    top_k: int
    axis: int
    ignore_label: int
    min_is_better: bool
    def __init__(
        self,
        *,
        top_k: int | None = ...,
        axis: int | None = ...,
        ignore_label: int | None = ...,
        min_is_better: bool | None = ...,
    ) -> None: ...

class ArgMaxParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    out_max_val: bool
    top_k: int
    axis: int
    min_first: bool
    def __init__(
        self,
        *,
        out_max_val: bool | None = ...,
        top_k: int | None = ...,
        axis: int | None = ...,
        min_first: bool | None = ...,
    ) -> None: ...

class ClipParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    min: float
    max: float
    def __init__(
        self,
        *,
        min: float | None = ...,
        max: float | None = ...,
    ) -> None: ...

class ConcatParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    concat_dim: int
    axis: int
    engine: int
    def __init__(
        self,
        *,
        concat_dim: int | None = ...,
        axis: int | None = ...,
        engine: int | str | None = ...,
    ) -> None: ...

class BatchNormParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    use_global_stats: bool
    moving_average_fraction: float
    eps: float
    scale_bias: bool
    scale_filler: FillerParameter
    bias_filler: FillerParameter
    use_weight_bias: bool
    filler: FillerParameter
    bias_term: bool
    stats_batch_size: int
    relu: bool
    engine: int
    update_global_stats: bool
    add_eps_before_sqrt: bool
    icnet: bool
    def __init__(
        self,
        *,
        use_global_stats: bool | None = ...,
        moving_average_fraction: float | None = ...,
        eps: float | None = ...,
        scale_bias: bool | None = ...,
        scale_filler: FillerParameter | Mapping[str, Any] | None = ...,
        bias_filler: FillerParameter | Mapping[str, Any] | None = ...,
        use_weight_bias: bool | None = ...,
        filler: FillerParameter | Mapping[str, Any] | None = ...,
        bias_term: bool | None = ...,
        stats_batch_size: int | None = ...,
        relu: bool | None = ...,
        engine: int | str | None = ...,
        update_global_stats: bool | None = ...,
        add_eps_before_sqrt: bool | None = ...,
        icnet: bool | None = ...,
    ) -> None: ...

class BiasParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    axis: int
    num_axes: int
    filler: FillerParameter
    def __init__(
        self,
        *,
        axis: int | None = ...,
        num_axes: int | None = ...,
        filler: FillerParameter | Mapping[str, Any] | None = ...,
    ) -> None: ...

class ContrastiveLossParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    margin: float
    legacy_version: bool
    def __init__(
        self,
        *,
        margin: float | None = ...,
        legacy_version: bool | None = ...,
    ) -> None: ...

class ConvolutionParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    CuDNNConvolutionAlgorithmSeeker: ClassVar[EnumTypeWrapper]
    GET: ClassVar[int]
    FINDEX: ClassVar[int]
    SaturateMethod: ClassVar[EnumTypeWrapper]
    Signed: ClassVar[int]
    Unsigned: ClassVar[int]
    Signed_8bit: ClassVar[int]
    Unsigned_8bit: ClassVar[int]
    Engine: ClassVar[EnumTypeWrapper]
    DEFAULT: ClassVar[int]
    CAFFE: ClassVar[int]
    CUDNN: ClassVar[int]
    REFERENCE: ClassVar[int]
    ONEDNN: ClassVar[int]
    MKL2017: ClassVar[int]
    MKLDNN: ClassVar[int]
    FFT: ClassVar[int]
    LIBDNN: ClassVar[int]
    INTEL_SPATIAL: ClassVar[int]
    SPATIAL: ClassVar[int]
    NNPACK: ClassVar[int]
    num_output: int
    bias_term: bool
    pad: RepeatedScalarFieldContainer[int]
    kernel_size: RepeatedScalarFieldContainer[int]
    group: int
    stride: RepeatedScalarFieldContainer[int]
    weight_filler: FillerParameter
    bias_filler: FillerParameter
    pad_h: int
    pad_w: int
    kernel_h: int
    kernel_w: int
    stride_h: int
    stride_w: int
    engine: int
    axis: int
    force_nd_im2col: bool
    dilation: RepeatedScalarFieldContainer[int]
    hole: int
    hole_h: int
    hole_w: int
    dilation_h: int
    dilation_w: int
    pad_l: int
    pad_r: int
    pad_t: int
    pad_b: int
    pad_type: int
    input_scale: float
    output_scale: float
    saturate: int
    weight_fixed: bool
    dis_mode: bool
    gen_mode: bool
    shape_offset: RepeatedScalarFieldContainer[int]
    kernel_depth: int
    temporal_stride: int
    temporal_pad: int
    filter_group: int
    kernel_shape: BlobShape
    stride_shape: BlobShape
    pad_shape: BlobShape
    relu: bool
    negative_slope: float
    conv_algorithm: str
    deformable_group: int
    cudnn_convolution_algo_seeker: int
    conv_algos_override: str
    cudnn_math_override: int
    is_relu: bool
    is_eltwise_sum: bool
    eltwise_both_ints: bool
    is_int8_output: bool
    sparse_output: bool
    reorg_input: bool
    reorg_output: bool
    out_pad: RepeatedScalarFieldContainer[int]
    def __init__(
        self,
        *,
        num_output: int | None = ...,
        bias_term: bool | None = ...,
        pad: Iterable[int] | None = ...,
        kernel_size: Iterable[int] | None = ...,
        group: int | None = ...,
        stride: Iterable[int] | None = ...,
        weight_filler: FillerParameter | Mapping[str, Any] | None = ...,
        bias_filler: FillerParameter | Mapping[str, Any] | None = ...,
        pad_h: int | None = ...,
        pad_w: int | None = ...,
        kernel_h: int | None = ...,
        kernel_w: int | None = ...,
        stride_h: int | None = ...,
        stride_w: int | None = ...,
        engine: int | str | None = ...,
        axis: int | None = ...,
        force_nd_im2col: bool | None = ...,
        dilation: Iterable[int] | None = ...,
        hole: int | None = ...,
        hole_h: int | None = ...,
        hole_w: int | None = ...,
        dilation_h: int | None = ...,
        dilation_w: int | None = ...,
        pad_l: int | None = ...,
        pad_r: int | None = ...,
        pad_t: int | None = ...,
        pad_b: int | None = ...,
        pad_type: int | None = ...,
        input_scale: float | None = ...,
        output_scale: float | None = ...,
        saturate: int | str | None = ...,
        weight_fixed: bool | None = ...,
        dis_mode: bool | None = ...,
        gen_mode: bool | None = ...,
        shape_offset: Iterable[int] | None = ...,
        kernel_depth: int | None = ...,
        temporal_stride: int | None = ...,
        temporal_pad: int | None = ...,
        filter_group: int | None = ...,
        kernel_shape: BlobShape | Mapping[str, Any] | None = ...,
        stride_shape: BlobShape | Mapping[str, Any] | None = ...,
        pad_shape: BlobShape | Mapping[str, Any] | None = ...,
        relu: bool | None = ...,
        negative_slope: float | None = ...,
        conv_algorithm: str | None = ...,
        deformable_group: int | None = ...,
        cudnn_convolution_algo_seeker: int | str | None = ...,
        conv_algos_override: str | None = ...,
        cudnn_math_override: int | None = ...,
        is_relu: bool | None = ...,
        is_eltwise_sum: bool | None = ...,
        eltwise_both_ints: bool | None = ...,
        is_int8_output: bool | None = ...,
        sparse_output: bool | None = ...,
        reorg_input: bool | None = ...,
        reorg_output: bool | None = ...,
        out_pad: Iterable[int] | None = ...,
    ) -> None: ...

class CropParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    axis: int
    offset: RepeatedScalarFieldContainer[int]
    align: bool
    def __init__(
        self,
        *,
        axis: int | None = ...,
        offset: Iterable[int] | None = ...,
        align: bool | None = ...,
    ) -> None: ...

class DataParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    CHANNELENCODING: ClassVar[EnumTypeWrapper]
    UINT8: ClassVar[int]
    UINT16FLOW: ClassVar[int]
    BOOL1: ClassVar[int]
    RANDPERMORDER: ClassVar[EnumTypeWrapper]
    FIRST_PERMUTE_THEN_RANGE: ClassVar[int]
    FIRST_RANGE_THEN_PERMUTE: ClassVar[int]
    DB: ClassVar[EnumTypeWrapper]
    LEVELDB: ClassVar[int]
    LMDB: ClassVar[int]
    source: str
    scale: float
    mean_file: str
    batch_size: int
    crop_size: int
    mirror: bool
    rand_skip: int
    backend: int
    force_encoded_color: bool
    prefetch: int
    shuffle: bool
    side: RepeatedScalarFieldContainer[int]
    threads: int
    parser_threads: int
    cache: bool
    preselection_file: str
    preselection_label: int
    range_start: int
    range_end: int
    rand_permute: bool
    rand_permute_order: int
    rand_permute_seed: int
    slice_point: RepeatedScalarFieldContainer[int]
    encoding: RepeatedScalarFieldContainer[int]
    subtract: RepeatedScalarFieldContainer[float]
    permute_every_iter: int
    block_size: int
    disk_reader_threads: int
    huge_video_dataset: bool
    limit_samples: int
    verbose: bool
    random: bool
    show_data: bool
    get_mirror_crop: bool
    balance: bool
    mix: RepeatedCompositeFieldContainer[MixedSource]
    weight: float
    def __init__(
        self,
        *,
        source: str | None = ...,
        scale: float | None = ...,
        mean_file: str | None = ...,
        batch_size: int | None = ...,
        crop_size: int | None = ...,
        mirror: bool | None = ...,
        rand_skip: int | None = ...,
        backend: int | str | None = ...,
        force_encoded_color: bool | None = ...,
        prefetch: int | None = ...,
        shuffle: bool | None = ...,
        side: Iterable[int] | None = ...,
        threads: int | None = ...,
        parser_threads: int | None = ...,
        cache: bool | None = ...,
        preselection_file: str | None = ...,
        preselection_label: int | None = ...,
        range_start: int | None = ...,
        range_end: int | None = ...,
        rand_permute: bool | None = ...,
        rand_permute_order: int | str | None = ...,
        rand_permute_seed: int | None = ...,
        slice_point: Iterable[int] | None = ...,
        encoding: Iterable[int | str] | None = ...,
        subtract: Iterable[float] | None = ...,
        permute_every_iter: int | None = ...,
        block_size: int | None = ...,
        disk_reader_threads: int | None = ...,
        huge_video_dataset: bool | None = ...,
        limit_samples: int | None = ...,
        verbose: bool | None = ...,
        random: bool | None = ...,
        show_data: bool | None = ...,
        get_mirror_crop: bool | None = ...,
        balance: bool | None = ...,
        mix: Iterable[MixedSource | Mapping[str, Any]] | None = ...,
        weight: float | None = ...,
    ) -> None: ...

class DropoutParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    dropout_ratio: float
    scale_train: bool
    sample_weights_test: bool
    sqrt_scale: bool
    def __init__(
        self,
        *,
        dropout_ratio: float | None = ...,
        scale_train: bool | None = ...,
        sample_weights_test: bool | None = ...,
        sqrt_scale: bool | None = ...,
    ) -> None: ...

class DummyDataParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    data_filler: RepeatedCompositeFieldContainer[FillerParameter]
    num: RepeatedScalarFieldContainer[int]
    channels: RepeatedScalarFieldContainer[int]
    height: RepeatedScalarFieldContainer[int]
    width: RepeatedScalarFieldContainer[int]
    shape: RepeatedCompositeFieldContainer[BlobShape]
    def __init__(
        self,
        *,
        data_filler: Iterable[FillerParameter | Mapping[str, Any]] | None = ...,
        num: Iterable[int] | None = ...,
        channels: Iterable[int] | None = ...,
        height: Iterable[int] | None = ...,
        width: Iterable[int] | None = ...,
        shape: Iterable[BlobShape | Mapping[str, Any]] | None = ...,
    ) -> None: ...

class EltwiseParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    SaturateMethod: ClassVar[EnumTypeWrapper]
    Signed: ClassVar[int]
    Unsigned: ClassVar[int]
    Signed_8bit: ClassVar[int]
    Unsigned_8bit: ClassVar[int]
    EltwiseOp: ClassVar[EnumTypeWrapper]
    PROD: ClassVar[int]
    SUM: ClassVar[int]
    MAX: ClassVar[int]
    DIV: ClassVar[int]
    MIN: ClassVar[int]
    operation: int
    coeff: RepeatedScalarFieldContainer[float]
    stable_prod_grad: bool
    coeff_blob: bool
    engine: int
    output_scale: float
    saturate: int
    axis: int
    def __init__(
        self,
        *,
        operation: int | str | None = ...,
        coeff: Iterable[float] | None = ...,
        stable_prod_grad: bool | None = ...,
        coeff_blob: bool | None = ...,
        engine: int | str | None = ...,
        output_scale: float | None = ...,
        saturate: int | str | None = ...,
        axis: int | None = ...,
    ) -> None: ...

class ELUParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    alpha: float
    def __init__(
        self,
        *,
        alpha: float | None = ...,
    ) -> None: ...

class EmbedParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    num_output: int
    input_dim: int
    bias_term: bool
    weight_filler: FillerParameter
    bias_filler: FillerParameter
    def __init__(
        self,
        *,
        num_output: int | None = ...,
        input_dim: int | None = ...,
        bias_term: bool | None = ...,
        weight_filler: FillerParameter | Mapping[str, Any] | None = ...,
        bias_filler: FillerParameter | Mapping[str, Any] | None = ...,
    ) -> None: ...

class ExpParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    base: float
    scale: float
    shift: float
    def __init__(
        self,
        *,
        base: float | None = ...,
        scale: float | None = ...,
        shift: float | None = ...,
    ) -> None: ...

class FlattenParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    axis: int
    end_axis: int
    def __init__(
        self,
        *,
        axis: int | None = ...,
        end_axis: int | None = ...,
    ) -> None: ...

class HDF5DataParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    source: str
    batch_size: int
    shuffle: bool
    def __init__(
        self,
        *,
        source: str | None = ...,
        batch_size: int | None = ...,
        shuffle: bool | None = ...,
    ) -> None: ...

class HDF5OutputParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    file_name: str
    def __init__(
        self,
        *,
        file_name: str | None = ...,
    ) -> None: ...

class HingeLossParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    Norm: ClassVar[EnumTypeWrapper]
    L1: ClassVar[int]
    L2: ClassVar[int]
    norm: int
    def __init__(
        self,
        *,
        norm: int | str | None = ...,
    ) -> None: ...

class ImageDataParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    LabelType: ClassVar[EnumTypeWrapper]
    NONE: ClassVar[int]
    IMAGE: ClassVar[int]
    PIXEL: ClassVar[int]
    source: str
    scale: float
    mean_file: str
    batch_size: int
    crop_size: int
    mirror: bool
    rand_skip: int
    shuffle: bool
    new_height: int
    new_width: int
    is_color: bool
    root_folder: str
    label_type: int
    ignore_label: int
    other_object_label: int
    has_label: bool
    max_labels: int
    min_height: int
    min_width: int
    new_length: int
    sampling_rate: int
    use_image: bool
    use_label: bool
    use_temporal_jitter: bool
    mean_value: RepeatedScalarFieldContainer[float]
    num_truth_channels: int
    use_byte_input: bool
    is_flow: bool
    truth_scale: float
    clip_min: float
    clip_max: float
    show_data: bool
    face_transform: bool
    max_shear_ratio: float
    max_aspect_ratio: float
    max_rotate_angle: float
    min_random_scale: float
    max_random_scale: float
    max_random_shift: int
    face_mirror: bool
    face_point_num: int
    threads: int
    cache: bool
    precache: bool
    normalize: bool
    bicubic: bool
    new_dim: RepeatedScalarFieldContainer[int]
    pair_size: int
    label_dim: int
    label_size: int
    label_length: int
    image_length: int
    label_is_color: bool
    is_label_color: bool
    is_unchanged: bool
    n_classes: int
    label: bool
    soft_labels: bool
    balance: bool
    def __init__(
        self,
        *,
        source: str | None = ...,
        scale: float | None = ...,
        mean_file: str | None = ...,
        batch_size: int | None = ...,
        crop_size: int | None = ...,
        mirror: bool | None = ...,
        rand_skip: int | None = ...,
        shuffle: bool | None = ...,
        new_height: int | None = ...,
        new_width: int | None = ...,
        is_color: bool | None = ...,
        root_folder: str | None = ...,
        label_type: int | str | None = ...,
        ignore_label: int | None = ...,
        other_object_label: int | None = ...,
        has_label: bool | None = ...,
        max_labels: int | None = ...,
        min_height: int | None = ...,
        min_width: int | None = ...,
        new_length: int | None = ...,
        sampling_rate: int | None = ...,
        use_image: bool | None = ...,
        use_label: bool | None = ...,
        use_temporal_jitter: bool | None = ...,
        mean_value: Iterable[float] | None = ...,
        num_truth_channels: int | None = ...,
        use_byte_input: bool | None = ...,
        is_flow: bool | None = ...,
        truth_scale: float | None = ...,
        clip_min: float | None = ...,
        clip_max: float | None = ...,
        show_data: bool | None = ...,
        face_transform: bool | None = ...,
        max_shear_ratio: float | None = ...,
        max_aspect_ratio: float | None = ...,
        max_rotate_angle: float | None = ...,
        min_random_scale: float | None = ...,
        max_random_scale: float | None = ...,
        max_random_shift: int | None = ...,
        face_mirror: bool | None = ...,
        face_point_num: int | None = ...,
        threads: int | None = ...,
        cache: bool | None = ...,
        precache: bool | None = ...,
        normalize: bool | None = ...,
        bicubic: bool | None = ...,
        new_dim: Iterable[int] | None = ...,
        pair_size: int | None = ...,
        label_dim: int | None = ...,
        label_size: int | None = ...,
        label_length: int | None = ...,
        image_length: int | None = ...,
        label_is_color: bool | None = ...,
        is_label_color: bool | None = ...,
        is_unchanged: bool | None = ...,
        n_classes: int | None = ...,
        label: bool | None = ...,
        soft_labels: bool | None = ...,
        balance: bool | None = ...,
    ) -> None: ...

class InfogainLossParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    source: str
    axis: int
    def __init__(
        self,
        *,
        source: str | None = ...,
        axis: int | None = ...,
    ) -> None: ...

class InnerProductParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    num_output: int
    bias_term: bool
    weight_filler: FillerParameter
    bias_filler: FillerParameter
    axis: int
    transpose: bool
    normalize: bool
    engine: int
    weight_fixed: bool
    dis_mode: bool
    gen_mode: bool
    output_scale: float
    def __init__(
        self,
        *,
        num_output: int | None = ...,
        bias_term: bool | None = ...,
        weight_filler: FillerParameter | Mapping[str, Any] | None = ...,
        bias_filler: FillerParameter | Mapping[str, Any] | None = ...,
        axis: int | None = ...,
        transpose: bool | None = ...,
        normalize: bool | None = ...,
        engine: int | str | None = ...,
        weight_fixed: bool | None = ...,
        dis_mode: bool | None = ...,
        gen_mode: bool | None = ...,
        output_scale: float | None = ...,
    ) -> None: ...

class InputParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    shape: RepeatedCompositeFieldContainer[BlobShape]
    def __init__(
        self,
        *,
        shape: Iterable[BlobShape | Mapping[str, Any]] | None = ...,
    ) -> None: ...

class LogParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    base: float
    scale: float
    shift: float
    def __init__(
        self,
        *,
        base: float | None = ...,
        scale: float | None = ...,
        shift: float | None = ...,
    ) -> None: ...

class LRNParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    NormRegion: ClassVar[EnumTypeWrapper]
    ACROSS_CHANNELS: ClassVar[int]
    WITHIN_CHANNEL: ClassVar[int]
    Engine: ClassVar[EnumTypeWrapper]
    DEFAULT: ClassVar[int]
    CAFFE: ClassVar[int]
    CUDNN: ClassVar[int]
    REFERENCE: ClassVar[int]
    ONEDNN: ClassVar[int]
    MKL2017: ClassVar[int]
    MKLDNN: ClassVar[int]
    FFT: ClassVar[int]
    LIBDNN: ClassVar[int]
    INTEL_SPATIAL: ClassVar[int]
    SPATIAL: ClassVar[int]
    NNPACK: ClassVar[int]
    local_size: int
    alpha: float
    beta: float
    norm_region: int
    k: float
    engine: int
    input_scale: float
    output_scale: float
    def __init__(
        self,
        *,
        local_size: int | None = ...,
        alpha: float | None = ...,
        beta: float | None = ...,
        norm_region: int | str | None = ...,
        k: float | None = ...,
        engine: int | str | None = ...,
        input_scale: float | None = ...,
        output_scale: float | None = ...,
    ) -> None: ...

class MemoryDataParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    batch_size: int
    channels: int
    height: int
    width: int
    input_shapes: RepeatedCompositeFieldContainer[BlobShape]
    share_in_parallel: bool
    source: str
    def __init__(
        self,
        *,
        batch_size: int | None = ...,
        channels: int | None = ...,
        height: int | None = ...,
        width: int | None = ...,
        input_shapes: Iterable[BlobShape | Mapping[str, Any]] | None = ...,
        share_in_parallel: bool | None = ...,
        source: str | None = ...,
    ) -> None: ...

class MVNParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    normalize_variance: bool
    across_channels: bool
    eps: float
    add_eps_before_sqrt: bool
    def __init__(
        self,
        *,
        normalize_variance: bool | None = ...,
        across_channels: bool | None = ...,
        eps: float | None = ...,
        add_eps_before_sqrt: bool | None = ...,
    ) -> None: ...

class ParameterParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    shape: BlobShape
    blob_filler: FillerParameter
    def __init__(
        self,
        *,
        shape: BlobShape | Mapping[str, Any] | None = ...,
        blob_filler: FillerParameter | Mapping[str, Any] | None = ...,
    ) -> None: ...

class PoolingParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    SaturateMethod: ClassVar[EnumTypeWrapper]
    Signed: ClassVar[int]
    Unsigned: ClassVar[int]
    Signed_8bit: ClassVar[int]
    Unsigned_8bit: ClassVar[int]
    PoolMethod: ClassVar[EnumTypeWrapper]
    MAX: ClassVar[int]
    AVE: ClassVar[int]
    STOCHASTIC: ClassVar[int]
    AVE_EXC_PAD: ClassVar[int]
    AVE_TF: ClassVar[int]
    Engine: ClassVar[EnumTypeWrapper]
    DEFAULT: ClassVar[int]
    CAFFE: ClassVar[int]
    CUDNN: ClassVar[int]
    REFERENCE: ClassVar[int]
    ONEDNN: ClassVar[int]
    MKL2017: ClassVar[int]
    MKLDNN: ClassVar[int]
    FFT: ClassVar[int]
    LIBDNN: ClassVar[int]
    INTEL_SPATIAL: ClassVar[int]
    SPATIAL: ClassVar[int]
    NNPACK: ClassVar[int]
    RoundMode: ClassVar[EnumTypeWrapper]
    CEIL: ClassVar[int]
    FLOOR: ClassVar[int]
    pool: int
    kernel_size: int
    stride: int
    pad: int
    kernel_h: int
    kernel_w: int
    stride_h: int
    stride_w: int
    pad_h: int
    pad_w: int
    engine: int
    global_pooling: bool
    round_mode: int
    ceil_mode: bool
    torch_pooling: bool
    pad_l: int
    pad_r: int
    pad_t: int
    pad_b: int
    pad_type: int
    output_shift_instead_division: int
    saturate: int
    avg_include_pad: bool
    axis: int
    kernel_size_all: RepeatedScalarFieldContainer[int]
    stride_all: RepeatedScalarFieldContainer[int]
    pad_all: RepeatedScalarFieldContainer[int]
    kernel_depth: int
    temporal_stride: int
    temporal_pad: int
    kernel_shape: BlobShape
    stride_shape: BlobShape
    pad_shape: BlobShape
    is_int8: bool
    fused_eltwise: bool
    def __init__(
        self,
        *,
        pool: int | str | None = ...,
        kernel_size: int | None = ...,
        stride: int | None = ...,
        pad: int | None = ...,
        kernel_h: int | None = ...,
        kernel_w: int | None = ...,
        stride_h: int | None = ...,
        stride_w: int | None = ...,
        pad_h: int | None = ...,
        pad_w: int | None = ...,
        engine: int | str | None = ...,
        global_pooling: bool | None = ...,
        round_mode: int | str | None = ...,
        ceil_mode: bool | None = ...,
        torch_pooling: bool | None = ...,
        pad_l: int | None = ...,
        pad_r: int | None = ...,
        pad_t: int | None = ...,
        pad_b: int | None = ...,
        pad_type: int | None = ...,
        output_shift_instead_division: int | None = ...,
        saturate: int | str | None = ...,
        avg_include_pad: bool | None = ...,
        axis: int | None = ...,
        kernel_size_all: Iterable[int] | None = ...,
        stride_all: Iterable[int] | None = ...,
        pad_all: Iterable[int] | None = ...,
        kernel_depth: int | None = ...,
        temporal_stride: int | None = ...,
        temporal_pad: int | None = ...,
        kernel_shape: BlobShape | Mapping[str, Any] | None = ...,
        stride_shape: BlobShape | Mapping[str, Any] | None = ...,
        pad_shape: BlobShape | Mapping[str, Any] | None = ...,
        is_int8: bool | None = ...,
        fused_eltwise: bool | None = ...,
    ) -> None: ...

class PowerParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    power: float
    scale: float
    shift: float
    def __init__(
        self,
        *,
        power: float | None = ...,
        scale: float | None = ...,
        shift: float | None = ...,
    ) -> None: ...

class PythonParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    module: str
    layer: str
    param_str: str
    share_in_parallel: bool
    def __init__(
        self,
        *,
        module: str | None = ...,
        layer: str | None = ...,
        param_str: str | None = ...,
        share_in_parallel: bool | None = ...,
    ) -> None: ...

class RecurrentParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    num_output: int
    weight_filler: FillerParameter
    bias_filler: FillerParameter
    debug_info: bool
    expose_hidden: bool
    forget_bias: float
    tf_rnn: bool
    def __init__(
        self,
        *,
        num_output: int | None = ...,
        weight_filler: FillerParameter | Mapping[str, Any] | None = ...,
        bias_filler: FillerParameter | Mapping[str, Any] | None = ...,
        debug_info: bool | None = ...,
        expose_hidden: bool | None = ...,
        forget_bias: float | None = ...,
        tf_rnn: bool | None = ...,
    ) -> None: ...

class ReductionParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    ReductionOp: ClassVar[EnumTypeWrapper]
    SUM: ClassVar[int]
    ASUM: ClassVar[int]
    SUMSQ: ClassVar[int]
    MEAN: ClassVar[int]
    TOPK: ClassVar[int]
    operation: int
    axis: int
    coeff: float
    k: int
    def __init__(
        self,
        *,
        operation: int | str | None = ...,
        axis: int | None = ...,
        coeff: float | None = ...,
        k: int | None = ...,
    ) -> None: ...

class ReLUParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    SaturateMethod: ClassVar[EnumTypeWrapper]
    Signed: ClassVar[int]
    Unsigned: ClassVar[int]
    Signed_8bit: ClassVar[int]
    Unsigned_8bit: ClassVar[int]
    Engine: ClassVar[EnumTypeWrapper]
    DEFAULT: ClassVar[int]
    CAFFE: ClassVar[int]
    CUDNN: ClassVar[int]
    REFERENCE: ClassVar[int]
    ONEDNN: ClassVar[int]
    MKL2017: ClassVar[int]
    MKLDNN: ClassVar[int]
    FFT: ClassVar[int]
    LIBDNN: ClassVar[int]
    INTEL_SPATIAL: ClassVar[int]
    SPATIAL: ClassVar[int]
    NNPACK: ClassVar[int]
    negative_slope: float
    engine: int
    relu6: bool
    maximum: float
    minimum: float
    saturate: int
    fuse: bool
    def __init__(
        self,
        *,
        negative_slope: float | None = ...,
        engine: int | str | None = ...,
        relu6: bool | None = ...,
        maximum: float | None = ...,
        minimum: float | None = ...,
        saturate: int | str | None = ...,
        fuse: bool | None = ...,
    ) -> None: ...

class ReshapeParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    shape: BlobShape
    axis: int
    num_axes: int
    pixelshuffler: int
    def __init__(
        self,
        *,
        shape: BlobShape | Mapping[str, Any] | None = ...,
        axis: int | None = ...,
        num_axes: int | None = ...,
        pixelshuffler: int | None = ...,
    ) -> None: ...

class ScaleParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    axis: int
    num_axes: int
    filler: FillerParameter
    bias_term: bool
    bias_filler: FillerParameter
    min_value: float
    dis_mode: bool
    gen_mode: bool
    def __init__(
        self,
        *,
        axis: int | None = ...,
        num_axes: int | None = ...,
        filler: FillerParameter | Mapping[str, Any] | None = ...,
        bias_term: bool | None = ...,
        bias_filler: FillerParameter | Mapping[str, Any] | None = ...,
        min_value: float | None = ...,
        dis_mode: bool | None = ...,
        gen_mode: bool | None = ...,
    ) -> None: ...

class SigmoidParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    Engine: ClassVar[EnumTypeWrapper]
    DEFAULT: ClassVar[int]
    CAFFE: ClassVar[int]
    CUDNN: ClassVar[int]
    REFERENCE: ClassVar[int]
    ONEDNN: ClassVar[int]
    MKL2017: ClassVar[int]
    MKLDNN: ClassVar[int]
    FFT: ClassVar[int]
    LIBDNN: ClassVar[int]
    INTEL_SPATIAL: ClassVar[int]
    SPATIAL: ClassVar[int]
    NNPACK: ClassVar[int]
    engine: int
    def __init__(
        self,
        *,
        engine: int | str | None = ...,
    ) -> None: ...

class SliceParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    slice_dim: int
    slice_point: RepeatedScalarFieldContainer[int]
    axis: int
    def __init__(
        self,
        *,
        slice_dim: int | None = ...,
        slice_point: Iterable[int] | None = ...,
        axis: int | None = ...,
    ) -> None: ...

class SoftmaxParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    Engine: ClassVar[EnumTypeWrapper]
    DEFAULT: ClassVar[int]
    CAFFE: ClassVar[int]
    CUDNN: ClassVar[int]
    REFERENCE: ClassVar[int]
    ONEDNN: ClassVar[int]
    MKL2017: ClassVar[int]
    MKLDNN: ClassVar[int]
    FFT: ClassVar[int]
    LIBDNN: ClassVar[int]
    INTEL_SPATIAL: ClassVar[int]
    SPATIAL: ClassVar[int]
    NNPACK: ClassVar[int]
    engine: int
    axis: int
    normalize_type: str
    label_smooth_factor: float
    hard_ratio: float
    cutting_point: float
    hard_mining_label: int
    class_weight: RepeatedScalarFieldContainer[float]
    input_scale: float
    output_scale: float
    def __init__(
        self,
        *,
        engine: int | str | None = ...,
        axis: int | None = ...,
        normalize_type: str | None = ...,
        label_smooth_factor: float | None = ...,
        hard_ratio: float | None = ...,
        cutting_point: float | None = ...,
        hard_mining_label: int | None = ...,
        class_weight: Iterable[float] | None = ...,
        input_scale: float | None = ...,
        output_scale: float | None = ...,
    ) -> None: ...

class SwishParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    beta: float
    def __init__(
        self,
        *,
        beta: float | None = ...,
    ) -> None: ...

class TanHParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    Engine: ClassVar[EnumTypeWrapper]
    DEFAULT: ClassVar[int]
    CAFFE: ClassVar[int]
    CUDNN: ClassVar[int]
    REFERENCE: ClassVar[int]
    ONEDNN: ClassVar[int]
    MKL2017: ClassVar[int]
    MKLDNN: ClassVar[int]
    FFT: ClassVar[int]
    LIBDNN: ClassVar[int]
    INTEL_SPATIAL: ClassVar[int]
    SPATIAL: ClassVar[int]
    NNPACK: ClassVar[int]
    engine: int
    def __init__(
        self,
        *,
        engine: int | str | None = ...,
    ) -> None: ...

class TileParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    axis: int
    tiles: int
    def __init__(
        self,
        *,
        axis: int | None = ...,
        tiles: int | None = ...,
    ) -> None: ...

class ThresholdParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    threshold: float
    def __init__(
        self,
        *,
        threshold: float | None = ...,
    ) -> None: ...

class WindowDataParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    source: str
    scale: float
    mean_file: str
    batch_size: int
    crop_size: int
    mirror: bool
    fg_threshold: float
    bg_threshold: float
    fg_fraction: float
    context_pad: int
    crop_mode: str
    cache_images: bool
    root_folder: str
    shuffle: bool
    def __init__(
        self,
        *,
        source: str | None = ...,
        scale: float | None = ...,
        mean_file: str | None = ...,
        batch_size: int | None = ...,
        crop_size: int | None = ...,
        mirror: bool | None = ...,
        fg_threshold: float | None = ...,
        bg_threshold: float | None = ...,
        fg_fraction: float | None = ...,
        context_pad: int | None = ...,
        crop_mode: str | None = ...,
        cache_images: bool | None = ...,
        root_folder: str | None = ...,
        shuffle: bool | None = ...,
    ) -> None: ...

class SPPParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    PoolMethod: ClassVar[EnumTypeWrapper]
    MAX: ClassVar[int]
    AVE: ClassVar[int]
    STOCHASTIC: ClassVar[int]
    AVE_EXC_PAD: ClassVar[int]
    AVE_TF: ClassVar[int]
    Engine: ClassVar[EnumTypeWrapper]
    DEFAULT: ClassVar[int]
    CAFFE: ClassVar[int]
    CUDNN: ClassVar[int]
    REFERENCE: ClassVar[int]
    ONEDNN: ClassVar[int]
    MKL2017: ClassVar[int]
    MKLDNN: ClassVar[int]
    FFT: ClassVar[int]
    LIBDNN: ClassVar[int]
    INTEL_SPATIAL: ClassVar[int]
    SPATIAL: ClassVar[int]
    NNPACK: ClassVar[int]
    pyramid_height: int
    pool: int
    engine: int
    def __init__(
        self,
        *,
        pyramid_height: int | None = ...,
        pool: int | str | None = ...,
        engine: int | str | None = ...,
    ) -> None: ...

class V1LayerParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    LayerType: ClassVar[EnumTypeWrapper]
    NONE: ClassVar[int]
    ABSVAL: ClassVar[int]
    ACCURACY: ClassVar[int]
    ARGMAX: ClassVar[int]
    BNLL: ClassVar[int]
    CONCAT: ClassVar[int]
    CONTRASTIVE_LOSS: ClassVar[int]
    CONVOLUTION: ClassVar[int]
    CROP: ClassVar[int]
    DATA: ClassVar[int]
    DECONVOLUTION: ClassVar[int]
    DROPOUT: ClassVar[int]
    DUMMY_DATA: ClassVar[int]
    EUCLIDEAN_LOSS: ClassVar[int]
    ELTWISE: ClassVar[int]
    EXP: ClassVar[int]
    FLATTEN: ClassVar[int]
    HDF5_DATA: ClassVar[int]
    HDF5_OUTPUT: ClassVar[int]
    HINGE_LOSS: ClassVar[int]
    IM2COL: ClassVar[int]
    IMAGE_DATA: ClassVar[int]
    INFOGAIN_LOSS: ClassVar[int]
    INNER_PRODUCT: ClassVar[int]
    LRN: ClassVar[int]
    MEMORY_DATA: ClassVar[int]
    MULTINOMIAL_LOGISTIC_LOSS: ClassVar[int]
    MVN: ClassVar[int]
    POOLING: ClassVar[int]
    POWER: ClassVar[int]
    RELU: ClassVar[int]
    SIGMOID: ClassVar[int]
    SIGMOID_CROSS_ENTROPY_LOSS: ClassVar[int]
    SILENCE: ClassVar[int]
    SOFTMAX: ClassVar[int]
    SOFTMAX_LOSS: ClassVar[int]
    SPLIT: ClassVar[int]
    SLICE: ClassVar[int]
    TANH: ClassVar[int]
    WINDOW_DATA: ClassVar[int]
    THRESHOLD: ClassVar[int]
    BN: ClassVar[int]
    UNPOOLING: ClassVar[int]
    UPSAMPLE: ClassVar[int]
    DENSE_IMAGE_DATA: ClassVar[int]
    ELTWISE_ACCURACY: ClassVar[int]
    BIN_ACCURACY: ClassVar[int]
    RED_SOFTMAX_LOSS: ClassVar[int]
    RED_ACCURACY: ClassVar[int]
    IMAGE_SEG_DATA: ClassVar[int]
    WINDOW_SEG_DATA: ClassVar[int]
    WINDOW_INST_SEG_DATA: ClassVar[int]
    WINDOW_CLS_DATA: ClassVar[int]
    INTERP: ClassVar[int]
    SEG_ACCURACY: ClassVar[int]
    PADDING: ClassVar[int]
    MAT_READ: ClassVar[int]
    MAT_WRITE: ClassVar[int]
    DENSE_CRF: ClassVar[int]
    DOMINANT_CHANNEL: ClassVar[int]
    BIAS_CHANNEL: ClassVar[int]
    MULTI_STAGE_MEANFIELD: ClassVar[int]
    CONVOLUTION3D: ClassVar[int]
    DECONVOLUTION3D: ClassVar[int]
    POOLING3D: ClassVar[int]
    VIDEO_DATA: ClassVar[int]
    VOLUME_DATA: ClassVar[int]
    VIDEO_SEGMENTATION_DATA: ClassVar[int]
    VIDEO_WITH_VOXEL_TRUTH_DATA: ClassVar[int]
    VOXEL_SOFTMAX: ClassVar[int]
    VOXEL_SOFTMAX_LOSS: ClassVar[int]
    VOXEL_CUSTOM_LOSS: ClassVar[int]
    DOWN_SAMPLING: ClassVar[int]
    ELTWISE_PRODUCT: ClassVar[int]
    MCWINDOW_DATA: ClassVar[int]
    RELU6: ClassVar[int]
    TRIPLET_LOSS: ClassVar[int]
    DimCheckMode: ClassVar[EnumTypeWrapper]
    STRICT: ClassVar[int]
    PERMISSIVE: ClassVar[int]
    layer: V0LayerParameter
    bottom: RepeatedScalarFieldContainer[str]
    top: RepeatedScalarFieldContainer[str]
    name: str
    type: int
    blobs: RepeatedCompositeFieldContainer[BlobProto]
    blobs_lr: RepeatedScalarFieldContainer[float]
    weight_decay: RepeatedScalarFieldContainer[float]
    concat_param: ConcatParameter
    convolution_param: ConvolutionParameter
    data_param: DataParameter
    dropout_param: DropoutParameter
    hdf5_data_param: HDF5DataParameter
    hdf5_output_param: HDF5OutputParameter
    image_data_param: ImageDataParameter
    infogain_loss_param: InfogainLossParameter
    inner_product_param: InnerProductParameter
    lrn_param: LRNParameter
    pooling_param: PoolingParameter
    window_data_param: WindowDataParameter
    power_param: PowerParameter
    memory_data_param: MemoryDataParameter
    argmax_param: ArgMaxParameter
    eltwise_param: EltwiseParameter
    threshold_param: ThresholdParameter
    dummy_data_param: DummyDataParameter
    accuracy_param: AccuracyParameter
    hinge_loss_param: HingeLossParameter
    relu_param: ReLUParameter
    slice_param: SliceParameter
    include: RepeatedCompositeFieldContainer[NetStateRule]
    exclude: RepeatedCompositeFieldContainer[NetStateRule]
    mvn_param: MVNParameter
    loss_weight: RepeatedScalarFieldContainer[float]
    transform_param: TransformationParameter
    tanh_param: TanHParameter
    sigmoid_param: SigmoidParameter
    softmax_param: SoftmaxParameter
    contrastive_loss_param: ContrastiveLossParameter
    exp_param: ExpParameter
    loss_param: LossParameter
    param: RepeatedScalarFieldContainer[str]
    blob_share_mode: RepeatedScalarFieldContainer[int]
    bn_param: BNParameter
    unpooling_param: UnpoolingParameter
    upsample_param: UpsampleParameter
    dense_image_data_param: DenseImageDataParameter
    eltwise_accuracy_param: EltwiseAccuracyParameter
    binary_accuracy_param: BinaryAccuracyParameter
    red_softmax_loss_param: RedSoftmaxWithLossParameter
    red_accuracy_param: RedAccuracyParameter
    strict_dim: bool
    interp_param: InterpParameter
    seg_accuracy_param: SegAccuracyParameter
    padding_param: PaddingParameter
    mat_read_param: MatReadParameter
    mat_write_param: MatWriteParameter
    dense_crf_param: DenseCRFParameter
    dominant_channel_param: DominantChannelParameter
    bias_channel_param: BiasChannelParameter
    softmaxloss_param: SoftmaxLossParameter
    multi_stage_meanfield_param: MultiStageMeanfieldParameter
    crop_param: CropParameter
    down_sampling_param: DownSamplingParameter
    video_data_param: VideoDataParameter
    convolution3d_param: Convolution3DParameter
    pooling3d_param: Pooling3DParameter
    mcwindow_data_param: WindowDataParameter
    relu6_param: ReLUParameter
    triplet_loss_param: TripletLossParameter
    yolo_v2_loss_param: YoloV2LossParameter
    yolo_v3_loss_param: YoloV3LossParameter
    unknown_word: RepeatedCompositeFieldContainer[UnknownWord]
    unknown_type: str
    def __init__(
        self,
        *,
        layer: V0LayerParameter | Mapping[str, Any] | None = ...,
        bottom: Iterable[str] | None = ...,
        top: Iterable[str] | None = ...,
        name: str | None = ...,
        type: int | str | None = ...,
        blobs: Iterable[BlobProto | Mapping[str, Any]] | None = ...,
        blobs_lr: Iterable[float] | None = ...,
        weight_decay: Iterable[float] | None = ...,
        concat_param: ConcatParameter | Mapping[str, Any] | None = ...,
        convolution_param: ConvolutionParameter | Mapping[str, Any] | None = ...,
        data_param: DataParameter | Mapping[str, Any] | None = ...,
        dropout_param: DropoutParameter | Mapping[str, Any] | None = ...,
        hdf5_data_param: HDF5DataParameter | Mapping[str, Any] | None = ...,
        hdf5_output_param: HDF5OutputParameter | Mapping[str, Any] | None = ...,
        image_data_param: ImageDataParameter | Mapping[str, Any] | None = ...,
        infogain_loss_param: InfogainLossParameter | Mapping[str, Any] | None = ...,
        inner_product_param: InnerProductParameter | Mapping[str, Any] | None = ...,
        lrn_param: LRNParameter | Mapping[str, Any] | None = ...,
        pooling_param: PoolingParameter | Mapping[str, Any] | None = ...,
        window_data_param: WindowDataParameter | Mapping[str, Any] | None = ...,
        power_param: PowerParameter | Mapping[str, Any] | None = ...,
        memory_data_param: MemoryDataParameter | Mapping[str, Any] | None = ...,
        argmax_param: ArgMaxParameter | Mapping[str, Any] | None = ...,
        eltwise_param: EltwiseParameter | Mapping[str, Any] | None = ...,
        threshold_param: ThresholdParameter | Mapping[str, Any] | None = ...,
        dummy_data_param: DummyDataParameter | Mapping[str, Any] | None = ...,
        accuracy_param: AccuracyParameter | Mapping[str, Any] | None = ...,
        hinge_loss_param: HingeLossParameter | Mapping[str, Any] | None = ...,
        relu_param: ReLUParameter | Mapping[str, Any] | None = ...,
        slice_param: SliceParameter | Mapping[str, Any] | None = ...,
        include: Iterable[NetStateRule | Mapping[str, Any]] | None = ...,
        exclude: Iterable[NetStateRule | Mapping[str, Any]] | None = ...,
        mvn_param: MVNParameter | Mapping[str, Any] | None = ...,
        loss_weight: Iterable[float] | None = ...,
        transform_param: TransformationParameter | Mapping[str, Any] | None = ...,
        tanh_param: TanHParameter | Mapping[str, Any] | None = ...,
        sigmoid_param: SigmoidParameter | Mapping[str, Any] | None = ...,
        softmax_param: SoftmaxParameter | Mapping[str, Any] | None = ...,
        contrastive_loss_param: ContrastiveLossParameter | Mapping[str, Any] | None = ...,
        exp_param: ExpParameter | Mapping[str, Any] | None = ...,
        loss_param: LossParameter | Mapping[str, Any] | None = ...,
        param: Iterable[str] | None = ...,
        blob_share_mode: Iterable[int | str] | None = ...,
        bn_param: BNParameter | Mapping[str, Any] | None = ...,
        unpooling_param: UnpoolingParameter | Mapping[str, Any] | None = ...,
        upsample_param: UpsampleParameter | Mapping[str, Any] | None = ...,
        dense_image_data_param: DenseImageDataParameter | Mapping[str, Any] | None = ...,
        eltwise_accuracy_param: EltwiseAccuracyParameter | Mapping[str, Any] | None = ...,
        binary_accuracy_param: BinaryAccuracyParameter | Mapping[str, Any] | None = ...,
        red_softmax_loss_param: RedSoftmaxWithLossParameter | Mapping[str, Any] | None = ...,
        red_accuracy_param: RedAccuracyParameter | Mapping[str, Any] | None = ...,
        strict_dim: bool | None = ...,
        interp_param: InterpParameter | Mapping[str, Any] | None = ...,
        seg_accuracy_param: SegAccuracyParameter | Mapping[str, Any] | None = ...,
        padding_param: PaddingParameter | Mapping[str, Any] | None = ...,
        mat_read_param: MatReadParameter | Mapping[str, Any] | None = ...,
        mat_write_param: MatWriteParameter | Mapping[str, Any] | None = ...,
        dense_crf_param: DenseCRFParameter | Mapping[str, Any] | None = ...,
        dominant_channel_param: DominantChannelParameter | Mapping[str, Any] | None = ...,
        bias_channel_param: BiasChannelParameter | Mapping[str, Any] | None = ...,
        softmaxloss_param: SoftmaxLossParameter | Mapping[str, Any] | None = ...,
        multi_stage_meanfield_param: MultiStageMeanfieldParameter | Mapping[str, Any] | None = ...,
        crop_param: CropParameter | Mapping[str, Any] | None = ...,
        down_sampling_param: DownSamplingParameter | Mapping[str, Any] | None = ...,
        video_data_param: VideoDataParameter | Mapping[str, Any] | None = ...,
        convolution3d_param: Convolution3DParameter | Mapping[str, Any] | None = ...,
        pooling3d_param: Pooling3DParameter | Mapping[str, Any] | None = ...,
        mcwindow_data_param: WindowDataParameter | Mapping[str, Any] | None = ...,
        relu6_param: ReLUParameter | Mapping[str, Any] | None = ...,
        triplet_loss_param: TripletLossParameter | Mapping[str, Any] | None = ...,
        yolo_v2_loss_param: YoloV2LossParameter | Mapping[str, Any] | None = ...,
        yolo_v3_loss_param: YoloV3LossParameter | Mapping[str, Any] | None = ...,
        unknown_word: Iterable[UnknownWord | Mapping[str, Any]] | None = ...,
        unknown_type: str | None = ...,
    ) -> None: ...

class V0LayerParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    PoolMethod: ClassVar[EnumTypeWrapper]
    MAX: ClassVar[int]
    AVE: ClassVar[int]
    STOCHASTIC: ClassVar[int]
    name: str
    type: str
    num_output: int
    biasterm: bool
    weight_filler: FillerParameter
    bias_filler: FillerParameter
    pad: int
    kernelsize: int
    group: int
    stride: int
    pool: int
    dropout_ratio: float
    local_size: int
    alpha: float
    beta: float
    source: str
    scale: float
    meanfile: str
    batchsize: int
    cropsize: int
    mirror: bool
    k: float
    blobs: RepeatedCompositeFieldContainer[BlobProto]
    blobs_lr: RepeatedScalarFieldContainer[float]
    weight_decay: RepeatedScalarFieldContainer[float]
    rand_skip: int
    det_fg_threshold: float
    det_bg_threshold: float
    det_fg_fraction: float
    det_context_pad: int
    det_crop_mode: str
    new_num: int
    new_channels: int
    new_height: int
    new_width: int
    shuffle_images: bool
    concat_dim: int
    hdf5_output_param: HDF5OutputParameter
    def __init__(
        self,
        *,
        name: str | None = ...,
        type: str | None = ...,
        num_output: int | None = ...,
        biasterm: bool | None = ...,
        weight_filler: FillerParameter | Mapping[str, Any] | None = ...,
        bias_filler: FillerParameter | Mapping[str, Any] | None = ...,
        pad: int | None = ...,
        kernelsize: int | None = ...,
        group: int | None = ...,
        stride: int | None = ...,
        pool: int | str | None = ...,
        dropout_ratio: float | None = ...,
        local_size: int | None = ...,
        alpha: float | None = ...,
        beta: float | None = ...,
        source: str | None = ...,
        scale: float | None = ...,
        meanfile: str | None = ...,
        batchsize: int | None = ...,
        cropsize: int | None = ...,
        mirror: bool | None = ...,
        k: float | None = ...,
        blobs: Iterable[BlobProto | Mapping[str, Any]] | None = ...,
        blobs_lr: Iterable[float] | None = ...,
        weight_decay: Iterable[float] | None = ...,
        rand_skip: int | None = ...,
        det_fg_threshold: float | None = ...,
        det_bg_threshold: float | None = ...,
        det_fg_fraction: float | None = ...,
        det_context_pad: int | None = ...,
        det_crop_mode: str | None = ...,
        new_num: int | None = ...,
        new_channels: int | None = ...,
        new_height: int | None = ...,
        new_width: int | None = ...,
        shuffle_images: bool | None = ...,
        concat_dim: int | None = ...,
        hdf5_output_param: HDF5OutputParameter | Mapping[str, Any] | None = ...,
    ) -> None: ...

class PReLUParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    filler: FillerParameter
    channel_shared: bool
    def __init__(
        self,
        *,
        filler: FillerParameter | Mapping[str, Any] | None = ...,
        channel_shared: bool | None = ...,
    ) -> None: ...

class AnyEngine(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    Engine: ClassVar[EnumTypeWrapper]
    DEFAULT: ClassVar[int]
    CAFFE: ClassVar[int]
    CUDNN: ClassVar[int]
    REFERENCE: ClassVar[int]
    ONEDNN: ClassVar[int]
    MKL2017: ClassVar[int]
    MKLDNN: ClassVar[int]
    FFT: ClassVar[int]
    LIBDNN: ClassVar[int]
    INTEL_SPATIAL: ClassVar[int]
    SPATIAL: ClassVar[int]
    NNPACK: ClassVar[int]

class LabelMapItem(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    name: str
    label: int
    display_name: str
    def __init__(
        self,
        *,
        name: str | None = ...,
        label: int | None = ...,
        display_name: str | None = ...,
    ) -> None: ...

class LabelMap(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    item: RepeatedCompositeFieldContainer[LabelMapItem]
    def __init__(
        self,
        *,
        item: Iterable[LabelMapItem | Mapping[str, Any]] | None = ...,
    ) -> None: ...

class Sampler(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    min_scale: float
    max_scale: float
    min_aspect_ratio: float
    max_aspect_ratio: float
    def __init__(
        self,
        *,
        min_scale: float | None = ...,
        max_scale: float | None = ...,
        min_aspect_ratio: float | None = ...,
        max_aspect_ratio: float | None = ...,
    ) -> None: ...

class SampleConstraint(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    min_jaccard_overlap: float
    max_jaccard_overlap: float
    min_sample_coverage: float
    max_sample_coverage: float
    min_object_coverage: float
    max_object_coverage: float
    def __init__(
        self,
        *,
        min_jaccard_overlap: float | None = ...,
        max_jaccard_overlap: float | None = ...,
        min_sample_coverage: float | None = ...,
        max_sample_coverage: float | None = ...,
        min_object_coverage: float | None = ...,
        max_object_coverage: float | None = ...,
    ) -> None: ...

class BatchSampler(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    use_original_image: bool
    sampler: Sampler
    sample_constraint: SampleConstraint
    max_sample: int
    max_trials: int
    def __init__(
        self,
        *,
        use_original_image: bool | None = ...,
        sampler: Sampler | Mapping[str, Any] | None = ...,
        sample_constraint: SampleConstraint | Mapping[str, Any] | None = ...,
        max_sample: int | None = ...,
        max_trials: int | None = ...,
    ) -> None: ...

class EmitConstraint(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    EmitType: ClassVar[EnumTypeWrapper]
    CENTER: ClassVar[int]
    MIN_OVERLAP: ClassVar[int]
    emit_type: int
    emit_overlap: float
    def __init__(
        self,
        *,
        emit_type: int | str | None = ...,
        emit_overlap: float | None = ...,
    ) -> None: ...

class NormalizedBBox(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    xmin: float
    ymin: float
    xmax: float
    ymax: float
    label: int
    difficult: bool
    score: float
    size: float
    def __init__(
        self,
        *,
        xmin: float | None = ...,
        ymin: float | None = ...,
        xmax: float | None = ...,
        ymax: float | None = ...,
        label: int | None = ...,
        difficult: bool | None = ...,
        score: float | None = ...,
        size: float | None = ...,
    ) -> None: ...

class Annotation(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    instance_id: int
    bbox: NormalizedBBox
    def __init__(
        self,
        *,
        instance_id: int | None = ...,
        bbox: NormalizedBBox | Mapping[str, Any] | None = ...,
    ) -> None: ...

class AnnotationGroup(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    group_label: int
    annotation: RepeatedCompositeFieldContainer[Annotation]
    def __init__(
        self,
        *,
        group_label: int | None = ...,
        annotation: Iterable[Annotation | Mapping[str, Any]] | None = ...,
    ) -> None: ...

class AnnotatedDatum(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    AnnotationType: ClassVar[EnumTypeWrapper]
    BBOX: ClassVar[int]
    datum: Datum
    type: int
    annotation_group: RepeatedCompositeFieldContainer[AnnotationGroup]
    def __init__(
        self,
        *,
        datum: Datum | Mapping[str, Any] | None = ...,
        type: int | str | None = ...,
        annotation_group: Iterable[AnnotationGroup | Mapping[str, Any]] | None = ...,
    ) -> None: ...

class ResizeParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    Resize_mode: ClassVar[EnumTypeWrapper]
    WARP: ClassVar[int]
    FIT_SMALL_SIZE: ClassVar[int]
    FIT_LARGE_SIZE_AND_PAD: ClassVar[int]
    Pad_mode: ClassVar[EnumTypeWrapper]
    CONSTANT: ClassVar[int]
    MIRRORED: ClassVar[int]
    REPEAT_NEAREST: ClassVar[int]
    Interp_mode: ClassVar[EnumTypeWrapper]
    LINEAR: ClassVar[int]
    AREA: ClassVar[int]
    NEAREST: ClassVar[int]
    CUBIC: ClassVar[int]
    LANCZOS4: ClassVar[int]
    prob: float
    resize_mode: int
    height: int
    width: int
    pad_mode: int
    pad_value: RepeatedScalarFieldContainer[float]
    interp_mode: RepeatedScalarFieldContainer[int]
    height_scale: int
    width_scale: int
    jitter: float
    def __init__(
        self,
        *,
        prob: float | None = ...,
        resize_mode: int | str | None = ...,
        height: int | None = ...,
        width: int | None = ...,
        pad_mode: int | str | None = ...,
        pad_value: Iterable[float] | None = ...,
        interp_mode: Iterable[int | str] | None = ...,
        height_scale: int | None = ...,
        width_scale: int | None = ...,
        jitter: float | None = ...,
    ) -> None: ...

class SaltPepperParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    fraction: float
    value: RepeatedScalarFieldContainer[float]
    def __init__(
        self,
        *,
        fraction: float | None = ...,
        value: Iterable[float] | None = ...,
    ) -> None: ...

class NoiseParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    prob: float
    hist_eq: bool
    inverse: bool
    decolorize: bool
    gauss_blur: bool
    jpeg: float
    posterize: bool
    erode: bool
    saltpepper: bool
    saltpepper_param: SaltPepperParameter
    clahe: bool
    convert_to_hsv: bool
    convert_to_lab: bool
    def __init__(
        self,
        *,
        prob: float | None = ...,
        hist_eq: bool | None = ...,
        inverse: bool | None = ...,
        decolorize: bool | None = ...,
        gauss_blur: bool | None = ...,
        jpeg: float | None = ...,
        posterize: bool | None = ...,
        erode: bool | None = ...,
        saltpepper: bool | None = ...,
        saltpepper_param: SaltPepperParameter | Mapping[str, Any] | None = ...,
        clahe: bool | None = ...,
        convert_to_hsv: bool | None = ...,
        convert_to_lab: bool | None = ...,
    ) -> None: ...

class DistortionParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    brightness_prob: float
    brightness_delta: float
    contrast_prob: float
    contrast_lower: float
    contrast_upper: float
    hue_prob: float
    hue_delta: float
    saturation_prob: float
    saturation_lower: float
    saturation_upper: float
    random_order_prob: float
    exposure_lower: float
    exposure_upper: float
    def __init__(
        self,
        *,
        brightness_prob: float | None = ...,
        brightness_delta: float | None = ...,
        contrast_prob: float | None = ...,
        contrast_lower: float | None = ...,
        contrast_upper: float | None = ...,
        hue_prob: float | None = ...,
        hue_delta: float | None = ...,
        saturation_prob: float | None = ...,
        saturation_lower: float | None = ...,
        saturation_upper: float | None = ...,
        random_order_prob: float | None = ...,
        exposure_lower: float | None = ...,
        exposure_upper: float | None = ...,
    ) -> None: ...

class ExpansionParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    prob: float
    max_expand_ratio: float
    def __init__(
        self,
        *,
        prob: float | None = ...,
        max_expand_ratio: float | None = ...,
    ) -> None: ...

class AnnotatedDataParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    batch_sampler: RepeatedCompositeFieldContainer[BatchSampler]
    label_map_file: str
    anno_type: int
    yolo_data_type: int
    yolo_data_jitter: float
    train_diffcult: bool
    single_class: bool
    seg_scales: int
    seg_resize_width: int
    seg_resize_height: int
    def __init__(
        self,
        *,
        batch_sampler: Iterable[BatchSampler | Mapping[str, Any]] | None = ...,
        label_map_file: str | None = ...,
        anno_type: int | str | None = ...,
        yolo_data_type: int | None = ...,
        yolo_data_jitter: float | None = ...,
        train_diffcult: bool | None = ...,
        single_class: bool | None = ...,
        seg_scales: int | None = ...,
        seg_resize_width: int | None = ...,
        seg_resize_height: int | None = ...,
    ) -> None: ...

class PermuteParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    order: RepeatedScalarFieldContainer[int]
    def __init__(
        self,
        *,
        order: Iterable[int] | None = ...,
    ) -> None: ...

class NormalizeParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    across_spatial: bool
    scale_filler: FillerParameter
    channel_shared: bool
    eps: float
    fix_scale: bool
    add_eps_before_sqrt: bool
    def __init__(
        self,
        *,
        across_spatial: bool | None = ...,
        scale_filler: FillerParameter | Mapping[str, Any] | None = ...,
        channel_shared: bool | None = ...,
        eps: float | None = ...,
        fix_scale: bool | None = ...,
        add_eps_before_sqrt: bool | None = ...,
    ) -> None: ...

class PriorBoxParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    CodeType: ClassVar[EnumTypeWrapper]
    CORNER: ClassVar[int]
    CENTER_SIZE: ClassVar[int]
    CORNER_SIZE: ClassVar[int]
    min_size: RepeatedScalarFieldContainer[float]
    max_size: RepeatedScalarFieldContainer[float]
    aspect_ratio: RepeatedScalarFieldContainer[float]
    flip: bool
    clip: bool
    variance: RepeatedScalarFieldContainer[float]
    img_size: int
    img_h: int
    img_w: int
    step: float
    step_h: float
    step_w: float
    offset: float
    denser_prior_boxes: bool
    faceboxes: bool
    box_width: RepeatedScalarFieldContainer[float]
    box_height: RepeatedScalarFieldContainer[float]
    tf: bool
    yx_order: bool
    width: RepeatedScalarFieldContainer[float]
    height: RepeatedScalarFieldContainer[float]
    fixed_size: RepeatedScalarFieldContainer[float]
    fixed_ratio: RepeatedScalarFieldContainer[float]
    density: RepeatedScalarFieldContainer[float]
    def __init__(
        self,
        *,
        min_size: Iterable[float] | None = ...,
        max_size: Iterable[float] | None = ...,
        aspect_ratio: Iterable[float] | None = ...,
        flip: bool | None = ...,
        clip: bool | None = ...,
        variance: Iterable[float] | None = ...,
        img_size: int | None = ...,
        img_h: int | None = ...,
        img_w: int | None = ...,
        step: float | None = ...,
        step_h: float | None = ...,
        step_w: float | None = ...,
        offset: float | None = ...,
        denser_prior_boxes: bool | None = ...,
        faceboxes: bool | None = ...,
        box_width: Iterable[float] | None = ...,
        box_height: Iterable[float] | None = ...,
        tf: bool | None = ...,
        yx_order: bool | None = ...,
        width: Iterable[float] | None = ...,
        height: Iterable[float] | None = ...,
        fixed_size: Iterable[float] | None = ...,
        fixed_ratio: Iterable[float] | None = ...,
        density: Iterable[float] | None = ...,
    ) -> None: ...

class NonMaximumSuppressionParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    nms_threshold: float
    top_k: int
    eta: float
    def __init__(
        self,
        *,
        nms_threshold: float | None = ...,
        top_k: int | None = ...,
        eta: float | None = ...,
    ) -> None: ...

class MultiBoxLossParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    LocLossType: ClassVar[EnumTypeWrapper]
    L2: ClassVar[int]
    SMOOTH_L1: ClassVar[int]
    ConfLossType: ClassVar[EnumTypeWrapper]
    SOFTMAX: ClassVar[int]
    LOGISTIC: ClassVar[int]
    MatchType: ClassVar[EnumTypeWrapper]
    BIPARTITE: ClassVar[int]
    PER_PREDICTION: ClassVar[int]
    MiningType: ClassVar[EnumTypeWrapper]
    NONE: ClassVar[int]
    MAX_NEGATIVE: ClassVar[int]
    HARD_EXAMPLE: ClassVar[int]
    loc_loss_type: int
    conf_loss_type: int
    loc_weight: float
    num_classes: int
    share_location: bool
    match_type: int
    overlap_threshold: float
    use_prior_for_matching: bool
    background_label_id: int
    use_difficult_gt: bool
    do_neg_mining: bool
    neg_pos_ratio: float
    neg_overlap: float
    code_type: int
    encode_variance_in_target: bool
    map_object_to_agnostic: bool
    ignore_cross_boundary_bbox: bool
    bp_inside: bool
    mining_type: int
    nms_param: NonMaximumSuppressionParameter
    sample_size: int
    use_prior_for_nms: bool
    objectness_score: float
    focal_loss_param: FocalLossParameter
    use_polygon: bool
    def __init__(
        self,
        *,
        loc_loss_type: int | str | None = ...,
        conf_loss_type: int | str | None = ...,
        loc_weight: float | None = ...,
        num_classes: int | None = ...,
        share_location: bool | None = ...,
        match_type: int | str | None = ...,
        overlap_threshold: float | None = ...,
        use_prior_for_matching: bool | None = ...,
        background_label_id: int | None = ...,
        use_difficult_gt: bool | None = ...,
        do_neg_mining: bool | None = ...,
        neg_pos_ratio: float | None = ...,
        neg_overlap: float | None = ...,
        code_type: int | str | None = ...,
        encode_variance_in_target: bool | None = ...,
        map_object_to_agnostic: bool | None = ...,
        ignore_cross_boundary_bbox: bool | None = ...,
        bp_inside: bool | None = ...,
        mining_type: int | str | None = ...,
        nms_param: NonMaximumSuppressionParameter | Mapping[str, Any] | None = ...,
        sample_size: int | None = ...,
        use_prior_for_nms: bool | None = ...,
        objectness_score: float | None = ...,
        focal_loss_param: FocalLossParameter | Mapping[str, Any] | None = ...,
        use_polygon: bool | None = ...,
    ) -> None: ...

class SaveOutputParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    output_directory: str
    output_name_prefix: str
    output_format: str
    label_map_file: str
    name_size_file: str
    num_test_image: int
    resize_param: ResizeParameter
    def __init__(
        self,
        *,
        output_directory: str | None = ...,
        output_name_prefix: str | None = ...,
        output_format: str | None = ...,
        label_map_file: str | None = ...,
        name_size_file: str | None = ...,
        num_test_image: int | None = ...,
        resize_param: ResizeParameter | Mapping[str, Any] | None = ...,
    ) -> None: ...

class DetectionOutputParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    num_classes: int
    share_location: bool
    background_label_id: int
    nms_param: NonMaximumSuppressionParameter
    save_output_param: SaveOutputParameter
    code_type: int
    keep_top_k: int
    variance_encoded_in_target: bool
    confidence_threshold: float
    visualize: bool
    visualize_threshold: float
    save_file: str
    objectness_score: float
    clip: bool
    use_polygon: bool
    side: int
    num_box: int
    coords: int
    biases: RepeatedScalarFieldContainer[float]
    nms_threshold: float
    def __init__(
        self,
        *,
        num_classes: int | None = ...,
        share_location: bool | None = ...,
        background_label_id: int | None = ...,
        nms_param: NonMaximumSuppressionParameter | Mapping[str, Any] | None = ...,
        save_output_param: SaveOutputParameter | Mapping[str, Any] | None = ...,
        code_type: int | str | None = ...,
        keep_top_k: int | None = ...,
        variance_encoded_in_target: bool | None = ...,
        confidence_threshold: float | None = ...,
        visualize: bool | None = ...,
        visualize_threshold: float | None = ...,
        save_file: str | None = ...,
        objectness_score: float | None = ...,
        clip: bool | None = ...,
        use_polygon: bool | None = ...,
        side: int | None = ...,
        num_box: int | None = ...,
        coords: int | None = ...,
        biases: Iterable[float] | None = ...,
        nms_threshold: float | None = ...,
    ) -> None: ...

class DetectionEvaluateParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    num_classes: int
    background_label_id: int
    overlap_threshold: float
    evaluate_difficult_gt: bool
    name_size_file: str
    resize_param: ResizeParameter
    use_polygon: bool
    def __init__(
        self,
        *,
        num_classes: int | None = ...,
        background_label_id: int | None = ...,
        overlap_threshold: float | None = ...,
        evaluate_difficult_gt: bool | None = ...,
        name_size_file: str | None = ...,
        resize_param: ResizeParameter | Mapping[str, Any] | None = ...,
        use_polygon: bool | None = ...,
    ) -> None: ...

class VideoDataParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    VideoType: ClassVar[EnumTypeWrapper]
    WEBCAM: ClassVar[int]
    VIDEO: ClassVar[int]
    Modality: ClassVar[EnumTypeWrapper]
    RGB: ClassVar[int]
    FLOW: ClassVar[int]
    video_type: int
    device_id: int
    video_file: str
    skip_frames: int
    source: str
    scale: float
    mean_file: str
    batch_size: int
    crop_size: int
    mirror: bool
    rand_skip: int
    shuffle: bool
    new_height: int
    new_width: int
    new_length: int
    num_segments: int
    modality: int
    name_pattern: str
    encoded: bool
    is_color: bool
    root_folder: str
    use_image: bool
    use_label: bool
    use_temporal_jitter: bool
    sampling_rate: int
    show_data: bool
    mean_value: RepeatedScalarFieldContainer[float]
    use_multiple_label: bool
    multi_label_source: str
    num_of_labels: int
    show_level: int
    grayscale: bool
    max_sampling_rate: int
    use_sampling_rate_jitter: bool
    def __init__(
        self,
        *,
        video_type: int | str | None = ...,
        device_id: int | None = ...,
        video_file: str | None = ...,
        skip_frames: int | None = ...,
        source: str | None = ...,
        scale: float | None = ...,
        mean_file: str | None = ...,
        batch_size: int | None = ...,
        crop_size: int | None = ...,
        mirror: bool | None = ...,
        rand_skip: int | None = ...,
        shuffle: bool | None = ...,
        new_height: int | None = ...,
        new_width: int | None = ...,
        new_length: int | None = ...,
        num_segments: int | None = ...,
        modality: int | str | None = ...,
        name_pattern: str | None = ...,
        encoded: bool | None = ...,
        is_color: bool | None = ...,
        root_folder: str | None = ...,
        use_image: bool | None = ...,
        use_label: bool | None = ...,
        use_temporal_jitter: bool | None = ...,
        sampling_rate: int | None = ...,
        show_data: bool | None = ...,
        mean_value: Iterable[float] | None = ...,
        use_multiple_label: bool | None = ...,
        multi_label_source: str | None = ...,
        num_of_labels: int | None = ...,
        show_level: int | None = ...,
        grayscale: bool | None = ...,
        max_sampling_rate: int | None = ...,
        use_sampling_rate_jitter: bool | None = ...,
    ) -> None: ...

class CompileNetState(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    is_init: bool
    bn_scale_remove: bool
    bn_scale_merge: bool
    kept_bn_layers: RepeatedScalarFieldContainer[str]
    def __init__(
        self,
        *,
        is_init: bool | None = ...,
        bn_scale_remove: bool | None = ...,
        bn_scale_merge: bool | None = ...,
        kept_bn_layers: Iterable[str] | None = ...,
    ) -> None: ...

class MultinodeParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    model_parallel: RepeatedCompositeFieldContainer[MnModelParallelParameter]
    compress_layer_type_list: MnParamGradCompressLayerTypeList
    def __init__(
        self,
        *,
        model_parallel: Iterable[MnModelParallelParameter | Mapping[str, Any]] | None = ...,
        compress_layer_type_list: MnParamGradCompressLayerTypeList | Mapping[str, Any] | None = ...,
    ) -> None: ...

class MnModelParallelParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    layer_from: str
    layer_to: str
    num_nodes: int
    model_parts: int
    def __init__(
        self,
        *,
        layer_from: str | None = ...,
        layer_to: str | None = ...,
        num_nodes: int | None = ...,
        model_parts: int | None = ...,
    ) -> None: ...

class MnParamGradCompressLayerTypeList(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    layer_type: RepeatedScalarFieldContainer[str]
    def __init__(
        self,
        *,
        layer_type: Iterable[str] | None = ...,
    ) -> None: ...

class MultinodeLayerParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    num_nodes: int
    model_parts: int
    def __init__(
        self,
        *,
        num_nodes: int | None = ...,
        model_parts: int | None = ...,
    ) -> None: ...

class MnActivationParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    num_nodes_in: int
    num_nodes_out: int
    model_parts_in: int
    model_parts_out: int
    need_reduce: bool
    def __init__(
        self,
        *,
        num_nodes_in: int | None = ...,
        num_nodes_out: int | None = ...,
        model_parts_in: int | None = ...,
        model_parts_out: int | None = ...,
        need_reduce: bool | None = ...,
    ) -> None: ...

class MnParamGradCompressParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    param_grad_compress_enable: RepeatedScalarFieldContainer[bool]
    def __init__(
        self,
        *,
        param_grad_compress_enable: Iterable[bool] | None = ...,
    ) -> None: ...

class QuantizationParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    Precision: ClassVar[EnumTypeWrapper]
    DYNAMIC_FIXED_POINT: ClassVar[int]
    MINIFLOAT: ClassVar[int]
    INTEGER_POWER_OF_2_WEIGHTS: ClassVar[int]
    Rounding: ClassVar[EnumTypeWrapper]
    NEAREST: ClassVar[int]
    STOCHASTIC: ClassVar[int]
    precision: int
    rounding_scheme: int
    bw_layer_in: int
    bw_layer_out: int
    bw_params: int
    fl_layer_in: RepeatedScalarFieldContainer[int]
    fl_layer_out: RepeatedScalarFieldContainer[int]
    fl_params: RepeatedScalarFieldContainer[int]
    scale_in: RepeatedScalarFieldContainer[float]
    scale_out: RepeatedScalarFieldContainer[float]
    scale_params: RepeatedScalarFieldContainer[float]
    mant_bits: int
    exp_bits: int
    exp_min: int
    exp_max: int
    is_negative_input: bool
    force_u8_input: bool
    def __init__(
        self,
        *,
        precision: int | str | None = ...,
        rounding_scheme: int | str | None = ...,
        bw_layer_in: int | None = ...,
        bw_layer_out: int | None = ...,
        bw_params: int | None = ...,
        fl_layer_in: Iterable[int] | None = ...,
        fl_layer_out: Iterable[int] | None = ...,
        fl_params: Iterable[int] | None = ...,
        scale_in: Iterable[float] | None = ...,
        scale_out: Iterable[float] | None = ...,
        scale_params: Iterable[float] | None = ...,
        mant_bits: int | None = ...,
        exp_bits: int | None = ...,
        exp_min: int | None = ...,
        exp_max: int | None = ...,
        is_negative_input: bool | None = ...,
        force_u8_input: bool | None = ...,
    ) -> None: ...

class SplitParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    engine: int
    def __init__(
        self,
        *,
        engine: int | str | None = ...,
    ) -> None: ...

class RandomResizeParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    min_size: int
    max_size: int
    resize_param: ResizeParameter
    def __init__(
        self,
        *,
        min_size: int | None = ...,
        max_size: int | None = ...,
        resize_param: ResizeParameter | Mapping[str, Any] | None = ...,
    ) -> None: ...

class RandomAspectRatioParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    min_area_ratio: float
    max_area_ratio: float
    aspect_ratio_change: float
    max_attempt: int
    resize_param: ResizeParameter
    def __init__(
        self,
        *,
        min_area_ratio: float | None = ...,
        max_area_ratio: float | None = ...,
        aspect_ratio_change: float | None = ...,
        max_attempt: int | None = ...,
        resize_param: ResizeParameter | Mapping[str, Any] | None = ...,
    ) -> None: ...

class SpatialDropoutParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    dropout_ratio: float
    def __init__(
        self,
        *,
        dropout_ratio: float | None = ...,
    ) -> None: ...

class ClassMapping(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    src: int
    dst: int
    def __init__(
        self,
        *,
        src: int | None = ...,
        dst: int | None = ...,
    ) -> None: ...

class DetectNetGroundTruthParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    GridboxType: ClassVar[EnumTypeWrapper]
    GRIDBOX_MAX: ClassVar[int]
    GRIDBOX_MIN: ClassVar[int]
    CoverageType: ClassVar[EnumTypeWrapper]
    RECTANGULAR: ClassVar[int]
    stride: int
    scale_cvg: float
    gridbox_type: int
    max_cvg_len: int
    min_cvg_len: int
    coverage_type: int
    image_size_x: int
    image_size_y: int
    obj_norm: bool
    crop_bboxes: bool
    object_class: RepeatedCompositeFieldContainer[ClassMapping]
    def __init__(
        self,
        *,
        stride: int | None = ...,
        scale_cvg: float | None = ...,
        gridbox_type: int | str | None = ...,
        max_cvg_len: int | None = ...,
        min_cvg_len: int | None = ...,
        coverage_type: int | str | None = ...,
        image_size_x: int | None = ...,
        image_size_y: int | None = ...,
        obj_norm: bool | None = ...,
        crop_bboxes: bool | None = ...,
        object_class: Iterable[ClassMapping | Mapping[str, Any]] | None = ...,
    ) -> None: ...

class DetectNetAugmentationParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    crop_prob: float
    shift_x: int
    shift_y: int
    scale_prob: float
    scale_min: float
    scale_max: float
    flip_prob: float
    rotation_prob: float
    max_rotate_degree: float
    hue_rotation_prob: float
    hue_rotation: float
    desaturation_prob: float
    desaturation_max: float
    def __init__(
        self,
        *,
        crop_prob: float | None = ...,
        shift_x: int | None = ...,
        shift_y: int | None = ...,
        scale_prob: float | None = ...,
        scale_min: float | None = ...,
        scale_max: float | None = ...,
        flip_prob: float | None = ...,
        rotation_prob: float | None = ...,
        max_rotate_degree: float | None = ...,
        hue_rotation_prob: float | None = ...,
        hue_rotation: float | None = ...,
        desaturation_prob: float | None = ...,
        desaturation_max: float | None = ...,
    ) -> None: ...

class ROIPoolingParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    pooled_h: int
    pooled_w: int
    spatial_scale: float
    pad_ratio: float
    pooled_size: RepeatedScalarFieldContainer[int]
    spatial_shift: float
    ringpad: bool
    sampling_ratio: int
    use_floor: bool
    pool_height: int
    pool_width: int
    def __init__(
        self,
        *,
        pooled_h: int | None = ...,
        pooled_w: int | None = ...,
        spatial_scale: float | None = ...,
        pad_ratio: float | None = ...,
        pooled_size: Iterable[int] | None = ...,
        spatial_shift: float | None = ...,
        ringpad: bool | None = ...,
        sampling_ratio: int | None = ...,
        use_floor: bool | None = ...,
        pool_height: int | None = ...,
        pool_width: int | None = ...,
    ) -> None: ...

class ROIAlignParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    pooled_h: int
    pooled_w: int
    spatial_scale: float
    sampling_ratio: int
    roi_end_mode: int
    sample_ratio: int
    position_sensitive: bool
    num_roi_per_image: int
    roi_resized_width: int
    roi_resized_height: int
    inter_times: int
    def __init__(
        self,
        *,
        pooled_h: int | None = ...,
        pooled_w: int | None = ...,
        spatial_scale: float | None = ...,
        sampling_ratio: int | None = ...,
        roi_end_mode: int | None = ...,
        sample_ratio: int | None = ...,
        position_sensitive: bool | None = ...,
        num_roi_per_image: int | None = ...,
        roi_resized_width: int | None = ...,
        roi_resized_height: int | None = ...,
        inter_times: int | None = ...,
    ) -> None: ...

class PSROIAlignParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    spatial_scale: float
    output_dim: int
    group_size: int
    def __init__(
        self,
        *,
        spatial_scale: float | None = ...,
        output_dim: int | None = ...,
        group_size: int | None = ...,
    ) -> None: ...

class AscendYoloParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    boxes: int
    coords: int
    classes: int
    yolo_version: str
    softmax: bool
    background: bool
    softmaxtree: bool
    def __init__(
        self,
        *,
        boxes: int | None = ...,
        coords: int | None = ...,
        classes: int | None = ...,
        yolo_version: str | None = ...,
        softmax: bool | None = ...,
        background: bool | None = ...,
        softmaxtree: bool | None = ...,
    ) -> None: ...

class SpatialTransformParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    output_h: int
    output_w: int
    border_value: float
    affine_transform: RepeatedScalarFieldContainer[float]
    engine: int
    def __init__(
        self,
        *,
        output_h: int | None = ...,
        output_w: int | None = ...,
        border_value: float | None = ...,
        affine_transform: Iterable[float] | None = ...,
        engine: int | str | None = ...,
    ) -> None: ...

class SmoothL1LossParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    sigma: float
    abssum: bool
    def __init__(
        self,
        *,
        sigma: float | None = ...,
        abssum: bool | None = ...,
    ) -> None: ...

class PSROIPoolingParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    spatial_scale: float
    output_dim: int
    group_size: int
    def __init__(
        self,
        *,
        spatial_scale: float | None = ...,
        output_dim: int | None = ...,
        group_size: int | None = ...,
    ) -> None: ...

class BoxAnnotatorOHEMParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    roi_per_img: int
    ignore_label: int
    def __init__(
        self,
        *,
        roi_per_img: int | None = ...,
        ignore_label: int | None = ...,
    ) -> None: ...

class ProposalParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    feat_stride: int
    base_size: int
    min_size: int
    ratio: RepeatedScalarFieldContainer[float]
    scale: RepeatedScalarFieldContainer[float]
    pre_nms_topn: int
    post_nms_topn: int
    nms_thresh: float
    anchor_base_size: int
    anchor_scale: int
    anchor_ratio: int
    max_rois: int
    iou_threshold: float
    output_actual_rois_num: bool
    def __init__(
        self,
        *,
        feat_stride: int | None = ...,
        base_size: int | None = ...,
        min_size: int | None = ...,
        ratio: Iterable[float] | None = ...,
        scale: Iterable[float] | None = ...,
        pre_nms_topn: int | None = ...,
        post_nms_topn: int | None = ...,
        nms_thresh: float | None = ...,
        anchor_base_size: int | None = ...,
        anchor_scale: int | None = ...,
        anchor_ratio: int | None = ...,
        max_rois: int | None = ...,
        iou_threshold: float | None = ...,
        output_actual_rois_num: bool | None = ...,
    ) -> None: ...

class ROIWarpingParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    pooled_h: int
    pooled_w: int
    spatial_scale: float
    def __init__(
        self,
        *,
        pooled_h: int | None = ...,
        pooled_w: int | None = ...,
        spatial_scale: float | None = ...,
    ) -> None: ...

class MaskResizeParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    output_height: int
    output_width: int
    def __init__(
        self,
        *,
        output_height: int | None = ...,
        output_width: int | None = ...,
    ) -> None: ...

class ImageGtDataParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    source: str
    scale: float
    mean_file: str
    batch_size: int
    mirror: bool
    downsample_rate: RepeatedScalarFieldContainer[int]
    coord_num: int
    field_h: RepeatedScalarFieldContainer[int]
    field_w: RepeatedScalarFieldContainer[int]
    fg_threshold: float
    resize_width: int
    resize_height: int
    crop_width: int
    crop_height: int
    do_multiple_scale: bool
    min_scale: int
    max_scale: int
    min_whaspect: float
    max_whaspect: float
    min_gt_width: float
    min_gt_height: float
    shuffle: bool
    output_gt_boxes: bool
    fg_img_multiple: int
    cache_images: bool
    root_folder: str
    def __init__(
        self,
        *,
        source: str | None = ...,
        scale: float | None = ...,
        mean_file: str | None = ...,
        batch_size: int | None = ...,
        mirror: bool | None = ...,
        downsample_rate: Iterable[int] | None = ...,
        coord_num: int | None = ...,
        field_h: Iterable[int] | None = ...,
        field_w: Iterable[int] | None = ...,
        fg_threshold: float | None = ...,
        resize_width: int | None = ...,
        resize_height: int | None = ...,
        crop_width: int | None = ...,
        crop_height: int | None = ...,
        do_multiple_scale: bool | None = ...,
        min_scale: int | None = ...,
        max_scale: int | None = ...,
        min_whaspect: float | None = ...,
        max_whaspect: float | None = ...,
        min_gt_width: float | None = ...,
        min_gt_height: float | None = ...,
        shuffle: bool | None = ...,
        output_gt_boxes: bool | None = ...,
        fg_img_multiple: int | None = ...,
        cache_images: bool | None = ...,
        root_folder: str | None = ...,
    ) -> None: ...

class DetectionLossParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    cls_num: int
    coord_num: int
    field_h: int
    field_w: int
    downsample_rate: int
    bb_smooth: bool
    field_whr: float
    field_xyr: float
    bg_threshold: float
    bg_multiple: int
    sample_mode: str
    objectness: bool
    iou_weighted: bool
    pos_neg_weighted: bool
    side: int
    num_class: int
    num_object: int
    object_scale: float
    noobject_scale: float
    class_scale: float
    coord_scale: float
    sqrt: bool
    constriant: bool
    def __init__(
        self,
        *,
        cls_num: int | None = ...,
        coord_num: int | None = ...,
        field_h: int | None = ...,
        field_w: int | None = ...,
        downsample_rate: int | None = ...,
        bb_smooth: bool | None = ...,
        field_whr: float | None = ...,
        field_xyr: float | None = ...,
        bg_threshold: float | None = ...,
        bg_multiple: int | None = ...,
        sample_mode: str | None = ...,
        objectness: bool | None = ...,
        iou_weighted: bool | None = ...,
        pos_neg_weighted: bool | None = ...,
        side: int | None = ...,
        num_class: int | None = ...,
        num_object: int | None = ...,
        object_scale: float | None = ...,
        noobject_scale: float | None = ...,
        class_scale: float | None = ...,
        coord_scale: float | None = ...,
        sqrt: bool | None = ...,
        constriant: bool | None = ...,
    ) -> None: ...

class DetectionAccuracyParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    cls_num: int
    coord_num: int
    field_h: int
    field_w: int
    downsample_rate: int
    top_k: int
    field_whr: float
    field_xyr: float
    bg_threshold: float
    objectness: bool
    def __init__(
        self,
        *,
        cls_num: int | None = ...,
        coord_num: int | None = ...,
        field_h: int | None = ...,
        field_w: int | None = ...,
        downsample_rate: int | None = ...,
        top_k: int | None = ...,
        field_whr: float | None = ...,
        field_xyr: float | None = ...,
        bg_threshold: float | None = ...,
        objectness: bool | None = ...,
    ) -> None: ...

class BoxOutputParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    fg_thr: float
    iou_thr: float
    nms_type: str
    field_h: RepeatedScalarFieldContainer[int]
    field_w: RepeatedScalarFieldContainer[int]
    downsample_rate: RepeatedScalarFieldContainer[int]
    field_whr: float
    field_xyr: float
    max_nms_num: int
    max_post_nms_num: int
    min_size: float
    num_param_set: int
    ringpad: bool
    def __init__(
        self,
        *,
        fg_thr: float | None = ...,
        iou_thr: float | None = ...,
        nms_type: str | None = ...,
        field_h: Iterable[int] | None = ...,
        field_w: Iterable[int] | None = ...,
        downsample_rate: Iterable[int] | None = ...,
        field_whr: float | None = ...,
        field_xyr: float | None = ...,
        max_nms_num: int | None = ...,
        max_post_nms_num: int | None = ...,
        min_size: float | None = ...,
        num_param_set: int | None = ...,
        ringpad: bool | None = ...,
    ) -> None: ...

class ProposalTargetParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    cls_num: int
    batch_size: int
    fg_fraction: float
    num_img_per_batch: int
    fg_thr: float
    bg_thr_hg: float
    bg_thr_lw: float
    img_width: int
    img_height: int
    iou_weighted: bool
    bbox_thr_lw: float
    bbox_thr_hg: float
    pickup_discard: bool
    append_gtbox: bool
    def __init__(
        self,
        *,
        cls_num: int | None = ...,
        batch_size: int | None = ...,
        fg_fraction: float | None = ...,
        num_img_per_batch: int | None = ...,
        fg_thr: float | None = ...,
        bg_thr_hg: float | None = ...,
        bg_thr_lw: float | None = ...,
        img_width: int | None = ...,
        img_height: int | None = ...,
        iou_weighted: bool | None = ...,
        bbox_thr_lw: float | None = ...,
        bbox_thr_hg: float | None = ...,
        pickup_discard: bool | None = ...,
        append_gtbox: bool | None = ...,
    ) -> None: ...

class BBoxRegParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    bbox_mean: RepeatedScalarFieldContainer[float]
    bbox_std: RepeatedScalarFieldContainer[float]
    cls_aware: bool
    def __init__(
        self,
        *,
        bbox_mean: Iterable[float] | None = ...,
        bbox_std: Iterable[float] | None = ...,
        cls_aware: bool | None = ...,
    ) -> None: ...

class DetectionDataParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    source: str
    scale: float
    batch_size: int
    coord_num: int
    stride: RepeatedScalarFieldContainer[int]
    field_h: RepeatedScalarFieldContainer[int]
    field_w: RepeatedScalarFieldContainer[int]
    fg_threshold: float
    ignore_fg_threshold: float
    resize_width: int
    resize_height: int
    crop_width: int
    crop_height: int
    min_scale: float
    max_scale: float
    multiscale_prob: float
    min_whaspect: float
    max_whaspect: float
    short_size: int
    long_size: int
    min_gt_width: float
    min_gt_height: float
    shuffle: str
    output_gt_boxes: bool
    cache_images: bool
    root_folder: str
    distort_param: DistortionParameter
    resize_param: ResizeParameter
    resize_ratio: float
    crop_short_size: int
    crop_long_size: int
    low_scale_ratio: float
    high_scale_ratio: float
    anchor_ignore_margin_ratio: float
    anchor_ignore_iou_thr: float
    pickup_iou_thr: float
    mix_group_size: int
    template_ratio: RepeatedScalarFieldContainer[float]
    def __init__(
        self,
        *,
        source: str | None = ...,
        scale: float | None = ...,
        batch_size: int | None = ...,
        coord_num: int | None = ...,
        stride: Iterable[int] | None = ...,
        field_h: Iterable[int] | None = ...,
        field_w: Iterable[int] | None = ...,
        fg_threshold: float | None = ...,
        ignore_fg_threshold: float | None = ...,
        resize_width: int | None = ...,
        resize_height: int | None = ...,
        crop_width: int | None = ...,
        crop_height: int | None = ...,
        min_scale: float | None = ...,
        max_scale: float | None = ...,
        multiscale_prob: float | None = ...,
        min_whaspect: float | None = ...,
        max_whaspect: float | None = ...,
        short_size: int | None = ...,
        long_size: int | None = ...,
        min_gt_width: float | None = ...,
        min_gt_height: float | None = ...,
        shuffle: str | None = ...,
        output_gt_boxes: bool | None = ...,
        cache_images: bool | None = ...,
        root_folder: str | None = ...,
        distort_param: DistortionParameter | Mapping[str, Any] | None = ...,
        resize_param: ResizeParameter | Mapping[str, Any] | None = ...,
        resize_ratio: float | None = ...,
        crop_short_size: int | None = ...,
        crop_long_size: int | None = ...,
        low_scale_ratio: float | None = ...,
        high_scale_ratio: float | None = ...,
        anchor_ignore_margin_ratio: float | None = ...,
        anchor_ignore_iou_thr: float | None = ...,
        pickup_iou_thr: float | None = ...,
        mix_group_size: int | None = ...,
        template_ratio: Iterable[float] | None = ...,
    ) -> None: ...

class EvalDataParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    source: str
    scale: float
    batch_size: int
    resize_width: int
    resize_height: int
    short_size: int
    long_size: int
    root_folder: str
    def __init__(
        self,
        *,
        source: str | None = ...,
        scale: float | None = ...,
        batch_size: int | None = ...,
        resize_width: int | None = ...,
        resize_height: int | None = ...,
        short_size: int | None = ...,
        long_size: int | None = ...,
        root_folder: str | None = ...,
    ) -> None: ...

class DetectionGroupLossParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    cls_num: int
    field_h: RepeatedScalarFieldContainer[int]
    field_w: RepeatedScalarFieldContainer[int]
    stride: int
    field_whr: float
    field_xyr: float
    bg_threshold: float
    bg_multiple: int
    neg_mining_type: str
    neg_ranking_type: str
    min_num_neg: int
    objectness: bool
    batch_size: int
    pos_neg_weighted: bool
    bbox_loss_type: str
    def __init__(
        self,
        *,
        cls_num: int | None = ...,
        field_h: Iterable[int] | None = ...,
        field_w: Iterable[int] | None = ...,
        stride: int | None = ...,
        field_whr: float | None = ...,
        field_xyr: float | None = ...,
        bg_threshold: float | None = ...,
        bg_multiple: int | None = ...,
        neg_mining_type: str | None = ...,
        neg_ranking_type: str | None = ...,
        min_num_neg: int | None = ...,
        objectness: bool | None = ...,
        batch_size: int | None = ...,
        pos_neg_weighted: bool | None = ...,
        bbox_loss_type: str | None = ...,
    ) -> None: ...

class DetectionGroupAccuracyParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    cls_num: int
    field_h: RepeatedScalarFieldContainer[int]
    field_w: RepeatedScalarFieldContainer[int]
    stride: int
    field_whr: float
    field_xyr: float
    bg_threshold: float
    objectness: bool
    def __init__(
        self,
        *,
        cls_num: int | None = ...,
        field_h: Iterable[int] | None = ...,
        field_w: Iterable[int] | None = ...,
        stride: int | None = ...,
        field_whr: float | None = ...,
        field_xyr: float | None = ...,
        bg_threshold: float | None = ...,
        objectness: bool | None = ...,
    ) -> None: ...

class BoxGroupParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    field_h: RepeatedScalarFieldContainer[int]
    field_w: RepeatedScalarFieldContainer[int]
    stride: int
    def __init__(
        self,
        *,
        field_h: Iterable[int] | None = ...,
        field_w: Iterable[int] | None = ...,
        stride: int | None = ...,
    ) -> None: ...

class BoxGroupOutputParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    fg_thr: float
    iou_thr: float
    nms_type: str
    box_group_param: RepeatedCompositeFieldContainer[BoxGroupParameter]
    field_whr: float
    field_xyr: float
    max_nms_num: int
    max_post_nms_num: int
    min_size: float
    def __init__(
        self,
        *,
        fg_thr: float | None = ...,
        iou_thr: float | None = ...,
        nms_type: str | None = ...,
        box_group_param: Iterable[BoxGroupParameter | Mapping[str, Any]] | None = ...,
        field_whr: float | None = ...,
        field_xyr: float | None = ...,
        max_nms_num: int | None = ...,
        max_post_nms_num: int | None = ...,
        min_size: float | None = ...,
    ) -> None: ...

class FrcnnOutputParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    conf_thr: float
    iou_thr: float
    nms_type: str
    max_det_num: int
    save_output_param: SaveOutputParameter
    def __init__(
        self,
        *,
        conf_thr: float | None = ...,
        iou_thr: float | None = ...,
        nms_type: str | None = ...,
        max_det_num: int | None = ...,
        save_output_param: SaveOutputParameter | Mapping[str, Any] | None = ...,
    ) -> None: ...

class HardMiningParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    num_roi_per_image: int
    num_image: int
    def __init__(
        self,
        *,
        num_roi_per_image: int | None = ...,
        num_image: int | None = ...,
    ) -> None: ...

class ScaleRouteParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    low_scale: float
    high_scale: float
    def __init__(
        self,
        *,
        low_scale: float | None = ...,
        high_scale: float | None = ...,
    ) -> None: ...

class DecodeBBoxParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    gt_iou_thr: float
    def __init__(
        self,
        *,
        gt_iou_thr: float | None = ...,
    ) -> None: ...

class FrcnnTrainDataParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    source: RepeatedScalarFieldContainer[str]
    root_folder: RepeatedScalarFieldContainer[str]
    batch_size: RepeatedScalarFieldContainer[int]
    ims_per_batch: RepeatedScalarFieldContainer[int]
    scales: RepeatedScalarFieldContainer[int]
    max_size: int
    fg_thresh: RepeatedScalarFieldContainer[float]
    bg_thresh_hi: RepeatedScalarFieldContainer[float]
    bg_thresh_lo: RepeatedScalarFieldContainer[float]
    fg_fraction: RepeatedScalarFieldContainer[float]
    num_class: int
    rand_seed: RepeatedScalarFieldContainer[int]
    rand_skip: RepeatedScalarFieldContainer[int]
    gt_per_batch: int
    split_source: bool
    def __init__(
        self,
        *,
        source: Iterable[str] | None = ...,
        root_folder: Iterable[str] | None = ...,
        batch_size: Iterable[int] | None = ...,
        ims_per_batch: Iterable[int] | None = ...,
        scales: Iterable[int] | None = ...,
        max_size: int | None = ...,
        fg_thresh: Iterable[float] | None = ...,
        bg_thresh_hi: Iterable[float] | None = ...,
        bg_thresh_lo: Iterable[float] | None = ...,
        fg_fraction: Iterable[float] | None = ...,
        num_class: int | None = ...,
        rand_seed: Iterable[int] | None = ...,
        rand_skip: Iterable[int] | None = ...,
        gt_per_batch: int | None = ...,
        split_source: bool | None = ...,
    ) -> None: ...

class FrcnnDataParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    source: str
    root_folder: str
    batch_size: int
    ims_per_batch: int
    min_size: int
    max_size: int
    fg_thresh: float
    bg_thresh_hi: float
    bg_thresh_lo: float
    fg_fraction: float
    num_class: int
    rand_seed: int
    part_name: str
    part_fg_thresh: float
    part_batch_size: int
    def __init__(
        self,
        *,
        source: str | None = ...,
        root_folder: str | None = ...,
        batch_size: int | None = ...,
        ims_per_batch: int | None = ...,
        min_size: int | None = ...,
        max_size: int | None = ...,
        fg_thresh: float | None = ...,
        bg_thresh_hi: float | None = ...,
        bg_thresh_lo: float | None = ...,
        fg_fraction: float | None = ...,
        num_class: int | None = ...,
        rand_seed: int | None = ...,
        part_name: str | None = ...,
        part_fg_thresh: float | None = ...,
        part_batch_size: int | None = ...,
    ) -> None: ...

class ExtractParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    x: int
    y: int
    w: int
    h: int
    def __init__(
        self,
        *,
        x: int | None = ...,
        y: int | None = ...,
        w: int | None = ...,
        h: int | None = ...,
    ) -> None: ...

class ROIMaskPoolingParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    pooled_h: int
    pooled_w: int
    spatial_scale: float
    half_part: float
    roi_scale: float
    mask_scale: float
    def __init__(
        self,
        *,
        pooled_h: int | None = ...,
        pooled_w: int | None = ...,
        spatial_scale: float | None = ...,
        half_part: float | None = ...,
        roi_scale: float | None = ...,
        mask_scale: float | None = ...,
    ) -> None: ...

class MRNGParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    MRNGType: ClassVar[EnumTypeWrapper]
    NONE: ClassVar[int]
    UNIFORM: ClassVar[int]
    NORMAL: ClassVar[int]
    type: int
    min: float
    max: float
    mean: float
    std: float
    def __init__(
        self,
        *,
        type: int | str | None = ...,
        min: float | None = ...,
        max: float | None = ...,
        mean: float | None = ...,
        std: float | None = ...,
    ) -> None: ...

class AugTransformationParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    aug_prob: float
    crop_size: int
    crop_w: int
    crop_h: int
    trans: bool
    normalize: bool
    light: float
    trans_rng: MRNGParameter
    trans_dx: float
    trans_x_rng: MRNGParameter
    trans_dy: float
    trans_y_rng: MRNGParameter
    rotate: bool
    rotate_deg: float
    rotate_rng: MRNGParameter
    zoom: bool
    zoom_type: int
    zoom_scale: float
    zoom_rng: MRNGParameter
    zoom_x_scale: float
    zoom_x_rng: MRNGParameter
    zoom_y_scale: float
    zoom_y_rng: MRNGParameter
    mirror: bool
    corr_list: RepeatedScalarFieldContainer[int]
    occlusion: bool
    occlusion_width: int
    occlusion_height: int
    occlusion_center_x: int
    occlusion_center_y: int
    occlusion_color: int
    occlusion_width_rng: MRNGParameter
    occlusion_height_rng: MRNGParameter
    occlusion_center_x_rng: MRNGParameter
    occlusion_center_y_rng: MRNGParameter
    occlusion_color_rng: MRNGParameter
    occlusion_size_rng: MRNGParameter
    occlusion_center_rng: MRNGParameter
    def __init__(
        self,
        *,
        aug_prob: float | None = ...,
        crop_size: int | None = ...,
        crop_w: int | None = ...,
        crop_h: int | None = ...,
        trans: bool | None = ...,
        normalize: bool | None = ...,
        light: float | None = ...,
        trans_rng: MRNGParameter | Mapping[str, Any] | None = ...,
        trans_dx: float | None = ...,
        trans_x_rng: MRNGParameter | Mapping[str, Any] | None = ...,
        trans_dy: float | None = ...,
        trans_y_rng: MRNGParameter | Mapping[str, Any] | None = ...,
        rotate: bool | None = ...,
        rotate_deg: float | None = ...,
        rotate_rng: MRNGParameter | Mapping[str, Any] | None = ...,
        zoom: bool | None = ...,
        zoom_type: int | None = ...,
        zoom_scale: float | None = ...,
        zoom_rng: MRNGParameter | Mapping[str, Any] | None = ...,
        zoom_x_scale: float | None = ...,
        zoom_x_rng: MRNGParameter | Mapping[str, Any] | None = ...,
        zoom_y_scale: float | None = ...,
        zoom_y_rng: MRNGParameter | Mapping[str, Any] | None = ...,
        mirror: bool | None = ...,
        corr_list: Iterable[int] | None = ...,
        occlusion: bool | None = ...,
        occlusion_width: int | None = ...,
        occlusion_height: int | None = ...,
        occlusion_center_x: int | None = ...,
        occlusion_center_y: int | None = ...,
        occlusion_color: int | None = ...,
        occlusion_width_rng: MRNGParameter | Mapping[str, Any] | None = ...,
        occlusion_height_rng: MRNGParameter | Mapping[str, Any] | None = ...,
        occlusion_center_x_rng: MRNGParameter | Mapping[str, Any] | None = ...,
        occlusion_center_y_rng: MRNGParameter | Mapping[str, Any] | None = ...,
        occlusion_color_rng: MRNGParameter | Mapping[str, Any] | None = ...,
        occlusion_size_rng: MRNGParameter | Mapping[str, Any] | None = ...,
        occlusion_center_rng: MRNGParameter | Mapping[str, Any] | None = ...,
    ) -> None: ...

class BNParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    BNMode: ClassVar[EnumTypeWrapper]
    LEARN: ClassVar[int]
    INFERENCE: ClassVar[int]
    slope_filler: FillerParameter
    bias_filler: FillerParameter
    momentum: float
    eps: float
    frozen: bool
    engine: int
    scale_filler: FillerParameter
    shift_filler: FillerParameter
    bn_mode: int
    var_eps: float
    moving_average: bool
    decay: float
    icnet: bool
    def __init__(
        self,
        *,
        slope_filler: FillerParameter | Mapping[str, Any] | None = ...,
        bias_filler: FillerParameter | Mapping[str, Any] | None = ...,
        momentum: float | None = ...,
        eps: float | None = ...,
        frozen: bool | None = ...,
        engine: int | str | None = ...,
        scale_filler: FillerParameter | Mapping[str, Any] | None = ...,
        shift_filler: FillerParameter | Mapping[str, Any] | None = ...,
        bn_mode: int | str | None = ...,
        var_eps: float | None = ...,
        moving_average: bool | None = ...,
        decay: float | None = ...,
        icnet: bool | None = ...,
    ) -> None: ...

class InterpParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    height: int
    width: int
    zoom_factor: int
    shrink_factor: int
    pad_beg: int
    pad_end: int
    use_blob_size: bool
    full_zoom_factor: int
    is_seglabel: bool
    def __init__(
        self,
        *,
        height: int | None = ...,
        width: int | None = ...,
        zoom_factor: int | None = ...,
        shrink_factor: int | None = ...,
        pad_beg: int | None = ...,
        pad_end: int | None = ...,
        use_blob_size: bool | None = ...,
        full_zoom_factor: int | None = ...,
        is_seglabel: bool | None = ...,
    ) -> None: ...

class SegAccuracyParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    AccuracyMetric: ClassVar[EnumTypeWrapper]
    PixelAccuracy: ClassVar[int]
    ClassAccuracy: ClassVar[int]
    PixelIOU: ClassVar[int]
    metric: int
    ignore_label: RepeatedScalarFieldContainer[int]
    reset: bool
    def __init__(
        self,
        *,
        metric: int | str | None = ...,
        ignore_label: Iterable[int] | None = ...,
        reset: bool | None = ...,
    ) -> None: ...

class SoftmaxLossParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    ignore_label: RepeatedScalarFieldContainer[int]
    weight_source: str
    def __init__(
        self,
        *,
        ignore_label: Iterable[int] | None = ...,
        weight_source: str | None = ...,
    ) -> None: ...

class DenseCRFParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    max_iter: int
    pos_xy_std: RepeatedScalarFieldContainer[float]
    pos_w: RepeatedScalarFieldContainer[float]
    bi_xy_std: RepeatedScalarFieldContainer[float]
    bi_rgb_std: RepeatedScalarFieldContainer[float]
    bi_w: RepeatedScalarFieldContainer[float]
    output_probability: bool
    def __init__(
        self,
        *,
        max_iter: int | None = ...,
        pos_xy_std: Iterable[float] | None = ...,
        pos_w: Iterable[float] | None = ...,
        bi_xy_std: Iterable[float] | None = ...,
        bi_rgb_std: Iterable[float] | None = ...,
        bi_w: Iterable[float] | None = ...,
        output_probability: bool | None = ...,
    ) -> None: ...

class DomainTransformParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    num_iter: int
    spatial_sigma: float
    range_sigma: float
    min_weight: float
    def __init__(
        self,
        *,
        num_iter: int | None = ...,
        spatial_sigma: float | None = ...,
        range_sigma: float | None = ...,
        min_weight: float | None = ...,
    ) -> None: ...

class BiasChannelParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    LabelType: ClassVar[EnumTypeWrapper]
    IMAGE: ClassVar[int]
    PIXEL: ClassVar[int]
    bg_bias: float
    fg_bias: float
    ignore_label: RepeatedScalarFieldContainer[int]
    label_type: int
    background_label: int
    def __init__(
        self,
        *,
        bg_bias: float | None = ...,
        fg_bias: float | None = ...,
        ignore_label: Iterable[int] | None = ...,
        label_type: int | str | None = ...,
        background_label: int | None = ...,
    ) -> None: ...

class AdaptiveBiasChannelParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    num_iter: int
    bg_portion: float
    fg_portion: float
    suppress_others: bool
    margin_others: float
    def __init__(
        self,
        *,
        num_iter: int | None = ...,
        bg_portion: float | None = ...,
        fg_portion: float | None = ...,
        suppress_others: bool | None = ...,
        margin_others: float | None = ...,
    ) -> None: ...

class DominantChannelParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    top_k: int
    def __init__(
        self,
        *,
        top_k: int | None = ...,
    ) -> None: ...

class UniqueLabelParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    max_labels: int
    ignore_label: RepeatedScalarFieldContainer[int]
    force_label: RepeatedScalarFieldContainer[float]
    def __init__(
        self,
        *,
        max_labels: int | None = ...,
        ignore_label: Iterable[int] | None = ...,
        force_label: Iterable[float] | None = ...,
    ) -> None: ...

class MatReadParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    prefix: str
    source: str
    strip: int
    batch_size: int
    def __init__(
        self,
        *,
        prefix: str | None = ...,
        source: str | None = ...,
        strip: int | None = ...,
        batch_size: int | None = ...,
    ) -> None: ...

class MatWriteParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    prefix: str
    source: str
    strip: int
    period: int
    def __init__(
        self,
        *,
        prefix: str | None = ...,
        source: str | None = ...,
        strip: int | None = ...,
        period: int | None = ...,
    ) -> None: ...

class PaddingParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    pad_beg: int
    pad_end: int
    pad: int
    pad_h: int
    pad_w: int
    pad_l: int
    pad_r: int
    pad_t: int
    pad_b: int
    pad_value: float
    def __init__(
        self,
        *,
        pad_beg: int | None = ...,
        pad_end: int | None = ...,
        pad: int | None = ...,
        pad_h: int | None = ...,
        pad_w: int | None = ...,
        pad_l: int | None = ...,
        pad_r: int | None = ...,
        pad_t: int | None = ...,
        pad_b: int | None = ...,
        pad_value: float | None = ...,
    ) -> None: ...

class UpsampleParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    scale: int
    scale_h: int
    scale_w: int
    pad_out_h: bool
    pad_out_w: bool
    upsample_h: int
    upsample_w: int
    def __init__(
        self,
        *,
        scale: int | None = ...,
        scale_h: int | None = ...,
        scale_w: int | None = ...,
        pad_out_h: bool | None = ...,
        pad_out_w: bool | None = ...,
        upsample_h: int | None = ...,
        upsample_w: int | None = ...,
    ) -> None: ...

class DenseImageDataParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    source: str
    batch_size: int
    rand_skip: int
    shuffle: bool
    new_height: int
    new_width: int
    is_color: bool
    mean_file: str
    root_folder: str
    mirror: bool
    crop_width: int
    crop_height: int
    synth_source: str
    label_divide_factor: int
    root_folder_image: str
    root_folder_label: str
    multi_scale: bool
    def __init__(
        self,
        *,
        source: str | None = ...,
        batch_size: int | None = ...,
        rand_skip: int | None = ...,
        shuffle: bool | None = ...,
        new_height: int | None = ...,
        new_width: int | None = ...,
        is_color: bool | None = ...,
        mean_file: str | None = ...,
        root_folder: str | None = ...,
        mirror: bool | None = ...,
        crop_width: int | None = ...,
        crop_height: int | None = ...,
        synth_source: str | None = ...,
        label_divide_factor: int | None = ...,
        root_folder_image: str | None = ...,
        root_folder_label: str | None = ...,
        multi_scale: bool | None = ...,
    ) -> None: ...

class UnpoolingParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    UnpoolMethod: ClassVar[EnumTypeWrapper]
    MAX: ClassVar[int]
    AVE: ClassVar[int]
    TILE: ClassVar[int]
    unpool: int
    kernel_size: int
    stride: int
    pad: int
    kernel_h: int
    kernel_w: int
    stride_h: int
    stride_w: int
    pad_h: int
    pad_w: int
    engine: int
    unpool_size: int
    unpool_h: int
    unpool_w: int
    def __init__(
        self,
        *,
        unpool: int | str | None = ...,
        kernel_size: int | None = ...,
        stride: int | None = ...,
        pad: int | None = ...,
        kernel_h: int | None = ...,
        kernel_w: int | None = ...,
        stride_h: int | None = ...,
        stride_w: int | None = ...,
        pad_h: int | None = ...,
        pad_w: int | None = ...,
        engine: int | str | None = ...,
        unpool_size: int | None = ...,
        unpool_h: int | None = ...,
        unpool_w: int | None = ...,
    ) -> None: ...

class EltwiseAccuracyParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    top_k: int
    ignore_label: int
    def __init__(
        self,
        *,
        top_k: int | None = ...,
        ignore_label: int | None = ...,
    ) -> None: ...

class RedAccuracyParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    top_k: int
    ignore_label: int
    class_num: int
    def __init__(
        self,
        *,
        top_k: int | None = ...,
        ignore_label: int | None = ...,
        class_num: int | None = ...,
    ) -> None: ...

class RedSoftmaxWithLossParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    class_num: int
    def __init__(
        self,
        *,
        class_num: int | None = ...,
    ) -> None: ...

class BinaryAccuracyParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    AccuracyMode: ClassVar[EnumTypeWrapper]
    Accuracy: ClassVar[int]
    Precision: ClassVar[int]
    Recall: ClassVar[int]
    F_measure: ClassVar[int]
    accuracy_mode: int
    def __init__(
        self,
        *,
        accuracy_mode: int | str | None = ...,
    ) -> None: ...

class MultiStageMeanfieldParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    Mode: ClassVar[EnumTypeWrapper]
    POTTS: ClassVar[int]
    CUSTOM: ClassVar[int]
    compatibility_mode: int
    threshold: float
    theta_alpha: float
    theta_beta: float
    theta_gamma: float
    num_iterations: int
    spatial_filter_weight: float
    bilateral_filter_weight: float
    forced_spatial_filter_weight: float
    forced_bilateral_filter_weight: float
    spatial_filter_weights_str: str
    bilateral_filter_weights_str: str
    force_cpu: bool
    is_no_class_weights: bool
    spatial_weight: float
    bilateral_weight: float
    temperature: float
    eps: float
    def __init__(
        self,
        *,
        compatibility_mode: int | str | None = ...,
        threshold: float | None = ...,
        theta_alpha: float | None = ...,
        theta_beta: float | None = ...,
        theta_gamma: float | None = ...,
        num_iterations: int | None = ...,
        spatial_filter_weight: float | None = ...,
        bilateral_filter_weight: float | None = ...,
        forced_spatial_filter_weight: float | None = ...,
        forced_bilateral_filter_weight: float | None = ...,
        spatial_filter_weights_str: str | None = ...,
        bilateral_filter_weights_str: str | None = ...,
        force_cpu: bool | None = ...,
        is_no_class_weights: bool | None = ...,
        spatial_weight: float | None = ...,
        bilateral_weight: float | None = ...,
        temperature: float | None = ...,
        eps: float | None = ...,
    ) -> None: ...

class DiceCoefLossParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    smooth: float
    def __init__(
        self,
        *,
        smooth: float | None = ...,
    ) -> None: ...

class WeightedFmeasureLossParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    margin: float
    mse_lambda: float
    avg_fm: bool
    def __init__(
        self,
        *,
        margin: float | None = ...,
        mse_lambda: float | None = ...,
        avg_fm: bool | None = ...,
    ) -> None: ...

class SparseHypercolumnExtractorParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    scale: RepeatedScalarFieldContainer[float]
    offset_height: RepeatedScalarFieldContainer[float]
    offset_width: RepeatedScalarFieldContainer[float]
    activation_mult: RepeatedScalarFieldContainer[float]
    def __init__(
        self,
        *,
        scale: Iterable[float] | None = ...,
        offset_height: Iterable[float] | None = ...,
        offset_width: Iterable[float] | None = ...,
        activation_mult: Iterable[float] | None = ...,
    ) -> None: ...

class SparseHistogramExtractorParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    size: RepeatedScalarFieldContainer[int]
    def __init__(
        self,
        *,
        size: Iterable[int] | None = ...,
    ) -> None: ...

class ShuffleChannelParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    group: int
    def __init__(
        self,
        *,
        group: int | None = ...,
    ) -> None: ...

class ReorgParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    stride: int
    reverse: bool
    def __init__(
        self,
        *,
        stride: int | None = ...,
        reverse: bool | None = ...,
    ) -> None: ...

class UpsampleDarknetParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    stride: int
    def __init__(
        self,
        *,
        stride: int | None = ...,
    ) -> None: ...

class HardSigmoidParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    alpha: float
    beta: float
    def __init__(
        self,
        *,
        alpha: float | None = ...,
        beta: float | None = ...,
    ) -> None: ...

class RegionLossParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    side: int
    num_class: int
    bias_match: int
    coords: int
    num: int
    softmax: int
    jitter: float
    rescore: int
    object_scale: float
    class_scale: float
    noobject_scale: float
    coord_scale: float
    absolute: int
    thresh: float
    random: int
    biases: RepeatedScalarFieldContainer[float]
    softmax_tree: str
    class_map: str
    num_object: int
    def __init__(
        self,
        *,
        side: int | None = ...,
        num_class: int | None = ...,
        bias_match: int | None = ...,
        coords: int | None = ...,
        num: int | None = ...,
        softmax: int | None = ...,
        jitter: float | None = ...,
        rescore: int | None = ...,
        object_scale: float | None = ...,
        class_scale: float | None = ...,
        noobject_scale: float | None = ...,
        coord_scale: float | None = ...,
        absolute: int | None = ...,
        thresh: float | None = ...,
        random: int | None = ...,
        biases: Iterable[float] | None = ...,
        softmax_tree: str | None = ...,
        class_map: str | None = ...,
        num_object: int | None = ...,
    ) -> None: ...

class YoloDetectionOutputParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    side: int
    num_classes: int
    num_box: int
    coords: int
    confidence_threshold: float
    nms_threshold: float
    biases: RepeatedScalarFieldContainer[float]
    label_map_file: str
    def __init__(
        self,
        *,
        side: int | None = ...,
        num_classes: int | None = ...,
        num_box: int | None = ...,
        coords: int | None = ...,
        confidence_threshold: float | None = ...,
        nms_threshold: float | None = ...,
        biases: Iterable[float] | None = ...,
        label_map_file: str | None = ...,
    ) -> None: ...

class Yolov3DetectionOutputParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    num_classes: int
    num_box: int
    confidence_threshold: float
    nms_threshold: float
    biases: RepeatedScalarFieldContainer[float]
    anchors_scale: RepeatedScalarFieldContainer[int]
    mask_group_num: int
    mask: RepeatedScalarFieldContainer[int]
    def __init__(
        self,
        *,
        num_classes: int | None = ...,
        num_box: int | None = ...,
        confidence_threshold: float | None = ...,
        nms_threshold: float | None = ...,
        biases: Iterable[float] | None = ...,
        anchors_scale: Iterable[int] | None = ...,
        mask_group_num: int | None = ...,
        mask: Iterable[int] | None = ...,
    ) -> None: ...

class Yolov3Parameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    side: int
    num_class: int
    num: int
    object_scale: float
    class_scale: float
    noobject_scale: float
    coord_scale: float
    thresh: float
    anchors_scale: int
    biases: RepeatedScalarFieldContainer[float]
    mask: RepeatedScalarFieldContainer[int]
    use_logic_gradient: bool
    im_w: int
    im_h: int
    num_box: int
    num_classes: int
    confidence_threshold: float
    nms_threshold: float
    def __init__(
        self,
        *,
        side: int | None = ...,
        num_class: int | None = ...,
        num: int | None = ...,
        object_scale: float | None = ...,
        class_scale: float | None = ...,
        noobject_scale: float | None = ...,
        coord_scale: float | None = ...,
        thresh: float | None = ...,
        anchors_scale: int | None = ...,
        biases: Iterable[float] | None = ...,
        mask: Iterable[int] | None = ...,
        use_logic_gradient: bool | None = ...,
        im_w: int | None = ...,
        im_h: int | None = ...,
        num_box: int | None = ...,
        num_classes: int | None = ...,
        confidence_threshold: float | None = ...,
        nms_threshold: float | None = ...,
    ) -> None: ...

class YoloSegParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    use_logic_gradient: bool
    use_hardsigmoid: bool
    object_scale: float
    class_scale: float
    num_class: int
    def __init__(
        self,
        *,
        use_logic_gradient: bool | None = ...,
        use_hardsigmoid: bool | None = ...,
        object_scale: float | None = ...,
        class_scale: float | None = ...,
        num_class: int | None = ...,
    ) -> None: ...

class SegmentationEvaluateParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    num_classes: int
    threshold: float
    def __init__(
        self,
        *,
        num_classes: int | None = ...,
        threshold: float | None = ...,
    ) -> None: ...

class EvalDetectionParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    ScoreType: ClassVar[EnumTypeWrapper]
    OBJ: ClassVar[int]
    PROB: ClassVar[int]
    MULTIPLY: ClassVar[int]
    side: int
    num_class: int
    num_object: int
    threshold: float
    sqrt: bool
    constriant: bool
    score_type: int
    nms: float
    biases: RepeatedScalarFieldContainer[float]
    def __init__(
        self,
        *,
        side: int | None = ...,
        num_class: int | None = ...,
        num_object: int | None = ...,
        threshold: float | None = ...,
        sqrt: bool | None = ...,
        constriant: bool | None = ...,
        score_type: int | str | None = ...,
        nms: float | None = ...,
        biases: Iterable[float] | None = ...,
    ) -> None: ...

class YoloV2LossParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    anchors: RepeatedScalarFieldContainer[float]
    side: int
    num_classes: int
    num_object: int
    box_scale: float
    class_scale: float
    noobject_scale: float
    object_scale: float
    rescore: bool
    constraint: bool
    thresh: float
    def __init__(
        self,
        *,
        anchors: Iterable[float] | None = ...,
        side: int | None = ...,
        num_classes: int | None = ...,
        num_object: int | None = ...,
        box_scale: float | None = ...,
        class_scale: float | None = ...,
        noobject_scale: float | None = ...,
        object_scale: float | None = ...,
        rescore: bool | None = ...,
        constraint: bool | None = ...,
        thresh: float | None = ...,
    ) -> None: ...

class YoloV3LossParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    anchors: RepeatedScalarFieldContainer[int]
    mask: RepeatedScalarFieldContainer[int]
    side: int
    num_classes: int
    num_object: int
    total_object: int
    ignore_thresh: float
    truth_thresh: float
    net_w: int
    net_h: int
    def __init__(
        self,
        *,
        anchors: Iterable[int] | None = ...,
        mask: Iterable[int] | None = ...,
        side: int | None = ...,
        num_classes: int | None = ...,
        num_object: int | None = ...,
        total_object: int | None = ...,
        ignore_thresh: float | None = ...,
        truth_thresh: float | None = ...,
        net_w: int | None = ...,
        net_h: int | None = ...,
    ) -> None: ...

class CTCLossParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    output_delay: int
    blank_index: int
    preprocess_collapse_repeated: bool
    ctc_merge_repeated: bool
    loss_calculation_t: int
    alphabet_size: int
    time_step: int
    blank_label: int
    def __init__(
        self,
        *,
        output_delay: int | None = ...,
        blank_index: int | None = ...,
        preprocess_collapse_repeated: bool | None = ...,
        ctc_merge_repeated: bool | None = ...,
        loss_calculation_t: int | None = ...,
        alphabet_size: int | None = ...,
        time_step: int | None = ...,
        blank_label: int | None = ...,
    ) -> None: ...

class CTCDecoderParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    blank_index: int
    ctc_merge_repeated: bool
    def __init__(
        self,
        *,
        blank_index: int | None = ...,
        ctc_merge_repeated: bool | None = ...,
    ) -> None: ...

class LabelsequenceAccuracyParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    blank_label: int
    def __init__(
        self,
        *,
        blank_label: int | None = ...,
    ) -> None: ...

class ContinuationIndicatorParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    time_step: int
    batch_size: int
    def __init__(
        self,
        *,
        time_step: int | None = ...,
        batch_size: int | None = ...,
    ) -> None: ...

class ReverseParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    axis: int
    def __init__(
        self,
        *,
        axis: int | None = ...,
    ) -> None: ...

class TransposeParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    dim: RepeatedScalarFieldContainer[int]
    def __init__(
        self,
        *,
        dim: Iterable[int] | None = ...,
    ) -> None: ...

class LSTMParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    num_output: int
    clipping_threshold: float
    weight_filler: FillerParameter
    bias_filler: FillerParameter
    batch_size: int
    bias_term: bool
    def __init__(
        self,
        *,
        num_output: int | None = ...,
        clipping_threshold: float | None = ...,
        weight_filler: FillerParameter | Mapping[str, Any] | None = ...,
        bias_filler: FillerParameter | Mapping[str, Any] | None = ...,
        batch_size: int | None = ...,
        bias_term: bool | None = ...,
    ) -> None: ...

class LSTMNodeParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    num_cells: int
    input_weight_filler: FillerParameter
    input_gate_weight_filler: FillerParameter
    forget_gate_weight_filler: FillerParameter
    output_gate_weight_filler: FillerParameter
    input_bias_filler: FillerParameter
    input_gate_bias_filler: FillerParameter
    forget_gate_bias_filler: FillerParameter
    output_gate_bias_filler: FillerParameter
    def __init__(
        self,
        *,
        num_cells: int | None = ...,
        input_weight_filler: FillerParameter | Mapping[str, Any] | None = ...,
        input_gate_weight_filler: FillerParameter | Mapping[str, Any] | None = ...,
        forget_gate_weight_filler: FillerParameter | Mapping[str, Any] | None = ...,
        output_gate_weight_filler: FillerParameter | Mapping[str, Any] | None = ...,
        input_bias_filler: FillerParameter | Mapping[str, Any] | None = ...,
        input_gate_bias_filler: FillerParameter | Mapping[str, Any] | None = ...,
        forget_gate_bias_filler: FillerParameter | Mapping[str, Any] | None = ...,
        output_gate_bias_filler: FillerParameter | Mapping[str, Any] | None = ...,
    ) -> None: ...

class BeamSearchParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    beam_size: int
    sequence_length: int
    end_of_sequence: int
    ignore_label: int
    allowed_multiple: RepeatedScalarFieldContainer[int]
    def __init__(
        self,
        *,
        beam_size: int | None = ...,
        sequence_length: int | None = ...,
        end_of_sequence: int | None = ...,
        ignore_label: int | None = ...,
        allowed_multiple: Iterable[int] | None = ...,
    ) -> None: ...

class DenseBlockParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    numTransition: int
    initChannel: int
    growthRate: int
    pad_h: int
    pad_w: int
    conv_verticalStride: int
    conv_horizentalStride: int
    filter_H: int
    filter_W: int
    Filter_Filler: FillerParameter
    BN_Scaler_Filler: FillerParameter
    BN_Bias_Filler: FillerParameter
    use_dropout: bool
    dropout_amount: float
    moving_average_fraction: float
    use_BC: bool
    BC_ultra_space_efficient: bool
    workspace_mb: int
    gpuIdx: int
    def __init__(
        self,
        *,
        numTransition: int | None = ...,
        initChannel: int | None = ...,
        growthRate: int | None = ...,
        pad_h: int | None = ...,
        pad_w: int | None = ...,
        conv_verticalStride: int | None = ...,
        conv_horizentalStride: int | None = ...,
        filter_H: int | None = ...,
        filter_W: int | None = ...,
        Filter_Filler: FillerParameter | Mapping[str, Any] | None = ...,
        BN_Scaler_Filler: FillerParameter | Mapping[str, Any] | None = ...,
        BN_Bias_Filler: FillerParameter | Mapping[str, Any] | None = ...,
        use_dropout: bool | None = ...,
        dropout_amount: float | None = ...,
        moving_average_fraction: float | None = ...,
        use_BC: bool | None = ...,
        BC_ultra_space_efficient: bool | None = ...,
        workspace_mb: int | None = ...,
        gpuIdx: int | None = ...,
    ) -> None: ...

class MultiBoxCenterLossParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    center_features: int
    def __init__(
        self,
        *,
        center_features: int | None = ...,
    ) -> None: ...

class CenterLossParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    num_output: int
    center_filler: FillerParameter
    axis: int
    distance_type: str
    cluster_num: int
    alpha: float
    margin: float
    label_num: int
    def __init__(
        self,
        *,
        num_output: int | None = ...,
        center_filler: FillerParameter | Mapping[str, Any] | None = ...,
        axis: int | None = ...,
        distance_type: str | None = ...,
        cluster_num: int | None = ...,
        alpha: float | None = ...,
        margin: float | None = ...,
        label_num: int | None = ...,
    ) -> None: ...

class MarginInnerProductParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    MarginType: ClassVar[EnumTypeWrapper]
    SINGLE: ClassVar[int]
    DOUBLE: ClassVar[int]
    TRIPLE: ClassVar[int]
    QUADRUPLE: ClassVar[int]
    num_output: int
    type: int
    weight_filler: FillerParameter
    axis: int
    base: float
    gamma: float
    power: float
    iteration: int
    lambda_min: float
    def __init__(
        self,
        *,
        num_output: int | None = ...,
        type: int | str | None = ...,
        weight_filler: FillerParameter | Mapping[str, Any] | None = ...,
        axis: int | None = ...,
        base: float | None = ...,
        gamma: float | None = ...,
        power: float | None = ...,
        iteration: int | None = ...,
        lambda_min: float | None = ...,
    ) -> None: ...

class LargeMarginInnerProductParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    LargeMarginType: ClassVar[EnumTypeWrapper]
    SINGLE: ClassVar[int]
    DOUBLE: ClassVar[int]
    TRIPLE: ClassVar[int]
    QUADRUPLE: ClassVar[int]
    num_output: int
    type: int
    weight_filler: FillerParameter
    axis: int
    base: float
    gamma: float
    power: float
    iteration: int
    lambda_min: float
    def __init__(
        self,
        *,
        num_output: int | None = ...,
        type: int | str | None = ...,
        weight_filler: FillerParameter | Mapping[str, Any] | None = ...,
        axis: int | None = ...,
        base: float | None = ...,
        gamma: float | None = ...,
        power: float | None = ...,
        iteration: int | None = ...,
        lambda_min: float | None = ...,
    ) -> None: ...

class TripletLossParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    margin: float
    alpha: float
    def __init__(
        self,
        *,
        margin: float | None = ...,
        alpha: float | None = ...,
    ) -> None: ...

class HappyNormalizeParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    normalize_type: str
    fix_gradient: bool
    bp_norm: bool
    def __init__(
        self,
        *,
        normalize_type: str | None = ...,
        fix_gradient: bool | None = ...,
        bp_norm: bool | None = ...,
    ) -> None: ...

class ChannelScaleParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    do_forward: bool
    do_backward_feature: bool
    do_backward_scale: bool
    global_scale: bool
    max_global_scale: float
    min_global_scale: float
    init_global_scale: float
    def __init__(
        self,
        *,
        do_forward: bool | None = ...,
        do_backward_feature: bool | None = ...,
        do_backward_scale: bool | None = ...,
        global_scale: bool | None = ...,
        max_global_scale: float | None = ...,
        min_global_scale: float | None = ...,
        init_global_scale: float | None = ...,
    ) -> None: ...

class FlipParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    flip_width: bool
    flip_height: bool
    def __init__(
        self,
        *,
        flip_width: bool | None = ...,
        flip_height: bool | None = ...,
    ) -> None: ...

class LabelSpecificAddParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    bias: float
    transform_test: bool
    bias_base: float
    bias_gamma: float
    bias_power: float
    bias_min: float
    bias_max: float
    iteration: int
    def __init__(
        self,
        *,
        bias: float | None = ...,
        transform_test: bool | None = ...,
        bias_base: float | None = ...,
        bias_gamma: float | None = ...,
        bias_power: float | None = ...,
        bias_min: float | None = ...,
        bias_max: float | None = ...,
        iteration: int | None = ...,
    ) -> None: ...

class LabelSpecificRescaleParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    positive_weight: float
    negative_weight: float
    positive_lower_bound: float
    negative_upper_bound: float
    rescale_test: bool
    for_ip: bool
    positive_weight_base: float
    gamma: float
    power: float
    positive_weight_min: float
    positive_weight_max: float
    iteration: int
    def __init__(
        self,
        *,
        positive_weight: float | None = ...,
        negative_weight: float | None = ...,
        positive_lower_bound: float | None = ...,
        negative_upper_bound: float | None = ...,
        rescale_test: bool | None = ...,
        for_ip: bool | None = ...,
        positive_weight_base: float | None = ...,
        gamma: float | None = ...,
        power: float | None = ...,
        positive_weight_min: float | None = ...,
        positive_weight_max: float | None = ...,
        iteration: int | None = ...,
    ) -> None: ...

class InnerDistanceParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    num_output: int
    distance_type: str
    center_filler: FillerParameter
    axis: int
    transpose: bool
    normalize: bool
    update_center_only: bool
    bias_term: bool
    bias_filler: FillerParameter
    weight_filler: FillerParameter
    def __init__(
        self,
        *,
        num_output: int | None = ...,
        distance_type: str | None = ...,
        center_filler: FillerParameter | Mapping[str, Any] | None = ...,
        axis: int | None = ...,
        transpose: bool | None = ...,
        normalize: bool | None = ...,
        update_center_only: bool | None = ...,
        bias_term: bool | None = ...,
        bias_filler: FillerParameter | Mapping[str, Any] | None = ...,
        weight_filler: FillerParameter | Mapping[str, Any] | None = ...,
    ) -> None: ...

class InsanityParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    lb: float
    ub: float
    def __init__(
        self,
        *,
        lb: float | None = ...,
        ub: float | None = ...,
    ) -> None: ...

class GeneralContrastiveLossParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    positive_margin: float
    negative_margin: float
    positive_weight: float
    negative_weight: float
    positive_outlier_thresh: float
    def __init__(
        self,
        *,
        positive_margin: float | None = ...,
        negative_margin: float | None = ...,
        positive_weight: float | None = ...,
        negative_weight: float | None = ...,
        positive_outlier_thresh: float | None = ...,
    ) -> None: ...

class GeneralTripletLossParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    margin: float
    add_center_loss: bool
    hardest_only: bool
    positive_weight: float
    negative_weight: float
    positive_first: bool
    positive_upper_bound: float
    def __init__(
        self,
        *,
        margin: float | None = ...,
        add_center_loss: bool | None = ...,
        hardest_only: bool | None = ...,
        positive_weight: float | None = ...,
        negative_weight: float | None = ...,
        positive_first: bool | None = ...,
        positive_upper_bound: float | None = ...,
    ) -> None: ...

class FocalLossParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    Type: ClassVar[EnumTypeWrapper]
    ORIGIN: ClassVar[int]
    LINEAR: ClassVar[int]
    ONEADDP: ClassVar[int]
    type: int
    gamma: float
    alpha: float
    beta: float
    def __init__(
        self,
        *,
        type: int | str | None = ...,
        gamma: float | None = ...,
        alpha: float | None = ...,
        beta: float | None = ...,
    ) -> None: ...

class PairwiseRankingLossParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    margin: float
    def __init__(
        self,
        *,
        margin: float | None = ...,
    ) -> None: ...

class MMDParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    kernel_num: int
    kernel_mul: float
    fix_gamma: bool
    def __init__(
        self,
        *,
        kernel_num: int | None = ...,
        kernel_mul: float | None = ...,
        fix_gamma: bool | None = ...,
    ) -> None: ...

class JMMDParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    kernel_num: int
    kernel_mul: float
    fix_gamma: bool
    label_kernel_num: int
    def __init__(
        self,
        *,
        kernel_num: int | None = ...,
        kernel_mul: float | None = ...,
        fix_gamma: bool | None = ...,
        label_kernel_num: int | None = ...,
    ) -> None: ...

class GradientScalerParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    lower_bound: float
    upper_bound: float
    alpha: float
    max_iter: float
    threshold_iter: float
    scale_factor: float
    def __init__(
        self,
        *,
        lower_bound: float | None = ...,
        upper_bound: float | None = ...,
        alpha: float | None = ...,
        max_iter: float | None = ...,
        threshold_iter: float | None = ...,
        scale_factor: float | None = ...,
    ) -> None: ...

class EntropyParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    threshold: float
    iterations_num: float
    ignore_label: int
    def __init__(
        self,
        *,
        threshold: float | None = ...,
        iterations_num: float | None = ...,
        ignore_label: int | None = ...,
    ) -> None: ...

class MemoryOptimizationParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    optimize_train: bool
    optimize_test: bool
    exclude_blob: RepeatedScalarFieldContainer[str]
    def __init__(
        self,
        *,
        optimize_train: bool | None = ...,
        optimize_test: bool | None = ...,
        exclude_blob: Iterable[str] | None = ...,
    ) -> None: ...

class BatchReductionParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    level: RepeatedScalarFieldContainer[int]
    reduction_param: ReductionParameter
    pos: bool
    def __init__(
        self,
        *,
        level: Iterable[int] | None = ...,
        reduction_param: ReductionParameter | Mapping[str, Any] | None = ...,
        pos: bool | None = ...,
    ) -> None: ...

class Convolution3DParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    num_output: int
    bias_term: bool
    pad: int
    kernel_size: int
    group: int
    kernel_depth: int
    stride: int
    temporal_stride: int
    weight_filler: FillerParameter
    bias_filler: FillerParameter
    filter_group: int
    temporal_pad: int
    def __init__(
        self,
        *,
        num_output: int | None = ...,
        bias_term: bool | None = ...,
        pad: int | None = ...,
        kernel_size: int | None = ...,
        group: int | None = ...,
        kernel_depth: int | None = ...,
        stride: int | None = ...,
        temporal_stride: int | None = ...,
        weight_filler: FillerParameter | Mapping[str, Any] | None = ...,
        bias_filler: FillerParameter | Mapping[str, Any] | None = ...,
        filter_group: int | None = ...,
        temporal_pad: int | None = ...,
    ) -> None: ...

class Pooling3DParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    PoolMethod: ClassVar[EnumTypeWrapper]
    MAX: ClassVar[int]
    AVE: ClassVar[int]
    STOCHASTIC: ClassVar[int]
    pool: int
    kernel_size: int
    stride: int
    pad: int
    kernel_depth: int
    temporal_stride: int
    temporal_pad: int
    def __init__(
        self,
        *,
        pool: int | str | None = ...,
        kernel_size: int | None = ...,
        stride: int | None = ...,
        pad: int | None = ...,
        kernel_depth: int | None = ...,
        temporal_stride: int | None = ...,
        temporal_pad: int | None = ...,
    ) -> None: ...

class DownSamplingParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    DownSamplingType: ClassVar[EnumTypeWrapper]
    NONE: ClassVar[int]
    VOTE: ClassVar[int]
    AVERAGE: ClassVar[int]
    type: int
    spatial_factor: int
    temporal_factor: int
    def __init__(
        self,
        *,
        type: int | str | None = ...,
        spatial_factor: int | None = ...,
        temporal_factor: int | None = ...,
    ) -> None: ...

class AccumParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    top_height: int
    top_width: int
    size_divisible_by: int
    have_reference: bool
    def __init__(
        self,
        *,
        top_height: int | None = ...,
        top_width: int | None = ...,
        size_divisible_by: int | None = ...,
        have_reference: bool | None = ...,
    ) -> None: ...

class RandomGeneratorParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    rand_type: str
    exp: bool
    mean: float
    spread: float
    prob: float
    apply_schedule: bool
    discretize: bool
    multiplier: float
    def __init__(
        self,
        *,
        rand_type: str | None = ...,
        exp: bool | None = ...,
        mean: float | None = ...,
        spread: float | None = ...,
        prob: float | None = ...,
        apply_schedule: bool | None = ...,
        discretize: bool | None = ...,
        multiplier: float | None = ...,
    ) -> None: ...

class AugmentationParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    write_augmented: str
    max_multiplier: float
    augment_during_test: bool
    recompute_mean: int
    write_mean: str
    mean_per_pixel: bool
    mode: str
    mirror: RandomGeneratorParameter
    translate: RandomGeneratorParameter
    rotate: RandomGeneratorParameter
    zoom: RandomGeneratorParameter
    squeeze: RandomGeneratorParameter
    translate_x: RandomGeneratorParameter
    translate_y: RandomGeneratorParameter
    mean: RepeatedScalarFieldContainer[float]
    lmult_pow: RandomGeneratorParameter
    lmult_mult: RandomGeneratorParameter
    lmult_add: RandomGeneratorParameter
    sat_pow: RandomGeneratorParameter
    sat_mult: RandomGeneratorParameter
    sat_add: RandomGeneratorParameter
    col_pow: RandomGeneratorParameter
    col_mult: RandomGeneratorParameter
    col_add: RandomGeneratorParameter
    ladd_pow: RandomGeneratorParameter
    ladd_mult: RandomGeneratorParameter
    ladd_add: RandomGeneratorParameter
    col_rotate: RandomGeneratorParameter
    crop_width: int
    crop_height: int
    gamma: RandomGeneratorParameter
    brightness: RandomGeneratorParameter
    contrast: RandomGeneratorParameter
    color: RandomGeneratorParameter
    bottomwidth: int
    bottomheight: int
    num: int
    chromatic_eigvec: RepeatedScalarFieldContainer[float]
    fog_amount: RandomGeneratorParameter
    fog_size: RandomGeneratorParameter
    motion_blur_angle: RandomGeneratorParameter
    motion_blur_size: RandomGeneratorParameter
    shadow_angle: RandomGeneratorParameter
    shadow_distance: RandomGeneratorParameter
    shadow_strength: RandomGeneratorParameter
    noise: RandomGeneratorParameter
    def __init__(
        self,
        *,
        write_augmented: str | None = ...,
        max_multiplier: float | None = ...,
        augment_during_test: bool | None = ...,
        recompute_mean: int | None = ...,
        write_mean: str | None = ...,
        mean_per_pixel: bool | None = ...,
        mode: str | None = ...,
        mirror: RandomGeneratorParameter | Mapping[str, Any] | None = ...,
        translate: RandomGeneratorParameter | Mapping[str, Any] | None = ...,
        rotate: RandomGeneratorParameter | Mapping[str, Any] | None = ...,
        zoom: RandomGeneratorParameter | Mapping[str, Any] | None = ...,
        squeeze: RandomGeneratorParameter | Mapping[str, Any] | None = ...,
        translate_x: RandomGeneratorParameter | Mapping[str, Any] | None = ...,
        translate_y: RandomGeneratorParameter | Mapping[str, Any] | None = ...,
        mean: Iterable[float] | None = ...,
        lmult_pow: RandomGeneratorParameter | Mapping[str, Any] | None = ...,
        lmult_mult: RandomGeneratorParameter | Mapping[str, Any] | None = ...,
        lmult_add: RandomGeneratorParameter | Mapping[str, Any] | None = ...,
        sat_pow: RandomGeneratorParameter | Mapping[str, Any] | None = ...,
        sat_mult: RandomGeneratorParameter | Mapping[str, Any] | None = ...,
        sat_add: RandomGeneratorParameter | Mapping[str, Any] | None = ...,
        col_pow: RandomGeneratorParameter | Mapping[str, Any] | None = ...,
        col_mult: RandomGeneratorParameter | Mapping[str, Any] | None = ...,
        col_add: RandomGeneratorParameter | Mapping[str, Any] | None = ...,
        ladd_pow: RandomGeneratorParameter | Mapping[str, Any] | None = ...,
        ladd_mult: RandomGeneratorParameter | Mapping[str, Any] | None = ...,
        ladd_add: RandomGeneratorParameter | Mapping[str, Any] | None = ...,
        col_rotate: RandomGeneratorParameter | Mapping[str, Any] | None = ...,
        crop_width: int | None = ...,
        crop_height: int | None = ...,
        gamma: RandomGeneratorParameter | Mapping[str, Any] | None = ...,
        brightness: RandomGeneratorParameter | Mapping[str, Any] | None = ...,
        contrast: RandomGeneratorParameter | Mapping[str, Any] | None = ...,
        color: RandomGeneratorParameter | Mapping[str, Any] | None = ...,
        bottomwidth: int | None = ...,
        bottomheight: int | None = ...,
        num: int | None = ...,
        chromatic_eigvec: Iterable[float] | None = ...,
        fog_amount: RandomGeneratorParameter | Mapping[str, Any] | None = ...,
        fog_size: RandomGeneratorParameter | Mapping[str, Any] | None = ...,
        motion_blur_angle: RandomGeneratorParameter | Mapping[str, Any] | None = ...,
        motion_blur_size: RandomGeneratorParameter | Mapping[str, Any] | None = ...,
        shadow_angle: RandomGeneratorParameter | Mapping[str, Any] | None = ...,
        shadow_distance: RandomGeneratorParameter | Mapping[str, Any] | None = ...,
        shadow_strength: RandomGeneratorParameter | Mapping[str, Any] | None = ...,
        noise: RandomGeneratorParameter | Mapping[str, Any] | None = ...,
    ) -> None: ...

class BlackAugmentationParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    black: RandomGeneratorParameter
    border: RandomGeneratorParameter
    def __init__(
        self,
        *,
        black: RandomGeneratorParameter | Mapping[str, Any] | None = ...,
        border: RandomGeneratorParameter | Mapping[str, Any] | None = ...,
    ) -> None: ...

class WarpParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    Coordinates: ClassVar[EnumTypeWrapper]
    RELATIVE: ClassVar[int]
    ABSOLUTE: ClassVar[int]
    coordinates: int
    def __init__(
        self,
        *,
        coordinates: int | str | None = ...,
    ) -> None: ...

class FlowWarpParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    FillParameter: ClassVar[EnumTypeWrapper]
    ZERO: ClassVar[int]
    NOT_A_NUMBER: ClassVar[int]
    fill_value: int
    def __init__(
        self,
        *,
        fill_value: int | str | None = ...,
    ) -> None: ...

class LpqLossParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    pq_episode_starts_at_iter: RepeatedScalarFieldContainer[int]
    p: RepeatedScalarFieldContainer[float]
    q: RepeatedScalarFieldContainer[float]
    p_epsilon: float
    q_epsilon: float
    l2_prescale_by_channels: bool
    normalize_by_num_entries: bool
    def __init__(
        self,
        *,
        pq_episode_starts_at_iter: Iterable[int] | None = ...,
        p: Iterable[float] | None = ...,
        q: Iterable[float] | None = ...,
        p_epsilon: float | None = ...,
        q_epsilon: float | None = ...,
        l2_prescale_by_channels: bool | None = ...,
        normalize_by_num_entries: bool | None = ...,
    ) -> None: ...

class L1LossParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    l2_per_location: bool
    l2_prescale_by_channels: bool
    normalize_by_num_entries: bool
    epsilon: float
    plateau: float
    def __init__(
        self,
        *,
        l2_per_location: bool | None = ...,
        l2_prescale_by_channels: bool | None = ...,
        normalize_by_num_entries: bool | None = ...,
        epsilon: float | None = ...,
        plateau: float | None = ...,
    ) -> None: ...

class CorrelationParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    CorrelationType: ClassVar[EnumTypeWrapper]
    MULTIPLY: ClassVar[int]
    SUBTRACT: ClassVar[int]
    pad: int
    kernel_size: int
    max_displacement: int
    stride_1: int
    stride_2: int
    do_abs: bool
    single_direction: int
    correlation_type: int
    def __init__(
        self,
        *,
        pad: int | None = ...,
        kernel_size: int | None = ...,
        max_displacement: int | None = ...,
        stride_1: int | None = ...,
        stride_2: int | None = ...,
        do_abs: bool | None = ...,
        single_direction: int | None = ...,
        correlation_type: int | str | None = ...,
    ) -> None: ...

class DownsampleParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    top_height: int
    top_width: int
    def __init__(
        self,
        *,
        top_height: int | None = ...,
        top_width: int | None = ...,
    ) -> None: ...

class ReaderParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    file: str
    num: int
    def __init__(
        self,
        *,
        file: str | None = ...,
        num: int | None = ...,
    ) -> None: ...

class WriterParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    file: str
    folder: str
    prefix: str
    suffix: str
    normalize: bool
    scale: float
    def __init__(
        self,
        *,
        file: str | None = ...,
        folder: str | None = ...,
        prefix: str | None = ...,
        suffix: str | None = ...,
        normalize: bool | None = ...,
        scale: float | None = ...,
    ) -> None: ...

class ResampleParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    ResampleType: ClassVar[EnumTypeWrapper]
    NEAREST: ClassVar[int]
    LINEAR: ClassVar[int]
    CUBIC: ClassVar[int]
    AREA: ClassVar[int]
    width: int
    height: int
    type: int
    antialias: bool
    factor: float
    def __init__(
        self,
        *,
        width: int | None = ...,
        height: int | None = ...,
        type: int | str | None = ...,
        antialias: bool | None = ...,
        factor: float | None = ...,
    ) -> None: ...

class MeanParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    MeanOperation: ClassVar[EnumTypeWrapper]
    ADD: ClassVar[int]
    SUBTRACT: ClassVar[int]
    operation: int
    file: str
    value: RepeatedScalarFieldContainer[float]
    mean_scale: float
    input_scale: float
    output_scale: float
    def __init__(
        self,
        *,
        operation: int | str | None = ...,
        file: str | None = ...,
        value: Iterable[float] | None = ...,
        mean_scale: float | None = ...,
        input_scale: float | None = ...,
        output_scale: float | None = ...,
    ) -> None: ...

class CoeffScheduleParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    half_life: float
    initial_coeff: float
    final_coeff: float
    def __init__(
        self,
        *,
        half_life: float | None = ...,
        initial_coeff: float | None = ...,
        final_coeff: float | None = ...,
    ) -> None: ...

class CPMTransformationParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    scale: float
    mirror: bool
    crop_size: int
    mean_file: str
    mean_value: RepeatedScalarFieldContainer[float]
    force_color: bool
    force_gray: bool
    stride: int
    flip_prob: float
    max_rotate_degree: float
    crop_size_x: int
    crop_size_y: int
    scale_prob: float
    scale_min: float
    scale_max: float
    bound_scale: float
    target_dist: float
    center_perterb_max: float
    sigma: float
    clahe_tile_size: float
    clahe_clip_limit: float
    do_clahe: bool
    num_parts: int
    num_total_augs: int
    aug_way: str
    gray: int
    put_gaussian: bool
    visualize: bool
    np_in_lmdb: int
    transform_body_joint: bool
    num_total_people: int
    contrast_brightness_adjustment: bool
    smooth_filtering: bool
    min_contrast: float
    max_contrast: float
    max_smooth: float
    max_color_shift: int
    apply_probability: float
    model: str
    cut_scale: float
    source_background: str
    def __init__(
        self,
        *,
        scale: float | None = ...,
        mirror: bool | None = ...,
        crop_size: int | None = ...,
        mean_file: str | None = ...,
        mean_value: Iterable[float] | None = ...,
        force_color: bool | None = ...,
        force_gray: bool | None = ...,
        stride: int | None = ...,
        flip_prob: float | None = ...,
        max_rotate_degree: float | None = ...,
        crop_size_x: int | None = ...,
        crop_size_y: int | None = ...,
        scale_prob: float | None = ...,
        scale_min: float | None = ...,
        scale_max: float | None = ...,
        bound_scale: float | None = ...,
        target_dist: float | None = ...,
        center_perterb_max: float | None = ...,
        sigma: float | None = ...,
        clahe_tile_size: float | None = ...,
        clahe_clip_limit: float | None = ...,
        do_clahe: bool | None = ...,
        num_parts: int | None = ...,
        num_total_augs: int | None = ...,
        aug_way: str | None = ...,
        gray: int | None = ...,
        put_gaussian: bool | None = ...,
        visualize: bool | None = ...,
        np_in_lmdb: int | None = ...,
        transform_body_joint: bool | None = ...,
        num_total_people: int | None = ...,
        contrast_brightness_adjustment: bool | None = ...,
        smooth_filtering: bool | None = ...,
        min_contrast: float | None = ...,
        max_contrast: float | None = ...,
        max_smooth: float | None = ...,
        max_color_shift: int | None = ...,
        apply_probability: float | None = ...,
        model: str | None = ...,
        cut_scale: float | None = ...,
        source_background: str | None = ...,
    ) -> None: ...

class NmsParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    threshold: float
    max_peaks: int
    num_parts: int
    top_k: int
    axis: int
    iou_threshold: float
    def __init__(
        self,
        *,
        threshold: float | None = ...,
        max_peaks: int | None = ...,
        num_parts: int | None = ...,
        top_k: int | None = ...,
        axis: int | None = ...,
        iou_threshold: float | None = ...,
    ) -> None: ...

class ImResizeParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    target_spatial_width: int
    target_spatial_height: int
    factor: float
    start_scale: float
    scale_gap: float
    def __init__(
        self,
        *,
        target_spatial_width: int | None = ...,
        target_spatial_height: int | None = ...,
        factor: float | None = ...,
        start_scale: float | None = ...,
        scale_gap: float | None = ...,
    ) -> None: ...

class AUMaskBasedLandParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    img_size: float
    spatial_ratio: float
    spatial_scale: float
    fill_coeff: float
    fill_value: float
    def __init__(
        self,
        *,
        img_size: float | None = ...,
        spatial_ratio: float | None = ...,
        spatial_scale: float | None = ...,
        fill_coeff: float | None = ...,
        fill_value: float | None = ...,
    ) -> None: ...

class CombinationParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    xcoord: RepeatedScalarFieldContainer[int]
    ycoord: RepeatedScalarFieldContainer[int]
    width: int
    height: int
    def __init__(
        self,
        *,
        xcoord: Iterable[int] | None = ...,
        ycoord: Iterable[int] | None = ...,
        width: int | None = ...,
        height: int | None = ...,
    ) -> None: ...

class DivisionParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    width: int
    height: int
    def __init__(
        self,
        *,
        width: int | None = ...,
        height: int | None = ...,
    ) -> None: ...

class WeightEuclideanLossParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    main_weight: float
    contour_weight: float
    coarse_weight: float
    normalized: bool
    normalized_type: str
    def __init__(
        self,
        *,
        main_weight: float | None = ...,
        contour_weight: float | None = ...,
        coarse_weight: float | None = ...,
        normalized: bool | None = ...,
        normalized_type: str | None = ...,
    ) -> None: ...

class ImageFloatDataParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    hard_sample: bool
    label_dim: int
    with_heatmap: bool
    heatmap_dir: str
    def __init__(
        self,
        *,
        hard_sample: bool | None = ...,
        label_dim: int | None = ...,
        with_heatmap: bool | None = ...,
        heatmap_dir: str | None = ...,
    ) -> None: ...

class ExtendedImageDataParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    ImageType: ClassVar[EnumTypeWrapper]
    PIXEL: ClassVar[int]
    MAT: ClassVar[int]
    COCO_JSON: ClassVar[int]
    source: str
    batch_size: int
    random_seed: int
    shuffle: bool
    new_height: int
    new_width: int
    is_color: bool
    root_folder: str
    rand_skip: int
    label_dim: int
    image_type: int
    key: str
    shortest_side: int
    shortest_side_max: int
    fill_value: float
    ucm2: bool
    color_perturbation: bool
    def __init__(
        self,
        *,
        source: str | None = ...,
        batch_size: int | None = ...,
        random_seed: int | None = ...,
        shuffle: bool | None = ...,
        new_height: int | None = ...,
        new_width: int | None = ...,
        is_color: bool | None = ...,
        root_folder: str | None = ...,
        rand_skip: int | None = ...,
        label_dim: int | None = ...,
        image_type: int | str | None = ...,
        key: str | None = ...,
        shortest_side: int | None = ...,
        shortest_side_max: int | None = ...,
        fill_value: float | None = ...,
        ucm2: bool | None = ...,
        color_perturbation: bool | None = ...,
    ) -> None: ...

class DocDataParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    sources: RepeatedScalarFieldContainer[str]
    weights: RepeatedScalarFieldContainer[float]
    batch_size: int
    rand_skip: int
    backend: int
    label_names: RepeatedScalarFieldContainer[str]
    missing_value: float
    rand_advance_skip: bool
    def __init__(
        self,
        *,
        sources: Iterable[str] | None = ...,
        weights: Iterable[float] | None = ...,
        batch_size: int | None = ...,
        rand_skip: int | None = ...,
        backend: int | str | None = ...,
        label_names: Iterable[str] | None = ...,
        missing_value: float | None = ...,
        rand_advance_skip: bool | None = ...,
    ) -> None: ...

class ImageTransformationParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    rng_seed: int
    params: RepeatedCompositeFieldContainer[ProbImageTransformParameter]
    def __init__(
        self,
        *,
        rng_seed: int | None = ...,
        params: Iterable[ProbImageTransformParameter | Mapping[str, Any]] | None = ...,
    ) -> None: ...

class ProbImageTransformParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    resize_params: RepeatedCompositeFieldContainer[ImageTransformParameter]
    resize_prob_weights: RepeatedScalarFieldContainer[float]
    linear_params: RepeatedCompositeFieldContainer[ImageTransformParameter]
    linear_prob_weights: RepeatedScalarFieldContainer[float]
    crop_params: RepeatedCompositeFieldContainer[ImageTransformParameter]
    crop_prob_weights: RepeatedScalarFieldContainer[float]
    reflect_params: RepeatedCompositeFieldContainer[ImageTransformParameter]
    reflect_prob_weights: RepeatedScalarFieldContainer[float]
    gauss_noise_params: RepeatedCompositeFieldContainer[ImageTransformParameter]
    gauss_noise_prob_weights: RepeatedScalarFieldContainer[float]
    rotate_params: RepeatedCompositeFieldContainer[ImageTransformParameter]
    rotate_prob_weights: RepeatedScalarFieldContainer[float]
    shear_params: RepeatedCompositeFieldContainer[ImageTransformParameter]
    shear_prob_weights: RepeatedScalarFieldContainer[float]
    gauss_blur_params: RepeatedCompositeFieldContainer[ImageTransformParameter]
    gauss_blur_prob_weights: RepeatedScalarFieldContainer[float]
    unsharp_mask_params: RepeatedCompositeFieldContainer[ImageTransformParameter]
    unsharp_mask_prob_weights: RepeatedScalarFieldContainer[float]
    perspective_params: RepeatedCompositeFieldContainer[ImageTransformParameter]
    perspective_prob_weights: RepeatedScalarFieldContainer[float]
    color_jitter_params: RepeatedCompositeFieldContainer[ImageTransformParameter]
    color_jitter_prob_weights: RepeatedScalarFieldContainer[float]
    elastic_deformation_params: RepeatedCompositeFieldContainer[ImageTransformParameter]
    elastic_deformation_prob_weights: RepeatedScalarFieldContainer[float]
    zero_border_params: RepeatedCompositeFieldContainer[ImageTransformParameter]
    zero_border_prob_weights: RepeatedScalarFieldContainer[float]
    def __init__(
        self,
        *,
        resize_params: Iterable[ImageTransformParameter | Mapping[str, Any]] | None = ...,
        resize_prob_weights: Iterable[float] | None = ...,
        linear_params: Iterable[ImageTransformParameter | Mapping[str, Any]] | None = ...,
        linear_prob_weights: Iterable[float] | None = ...,
        crop_params: Iterable[ImageTransformParameter | Mapping[str, Any]] | None = ...,
        crop_prob_weights: Iterable[float] | None = ...,
        reflect_params: Iterable[ImageTransformParameter | Mapping[str, Any]] | None = ...,
        reflect_prob_weights: Iterable[float] | None = ...,
        gauss_noise_params: Iterable[ImageTransformParameter | Mapping[str, Any]] | None = ...,
        gauss_noise_prob_weights: Iterable[float] | None = ...,
        rotate_params: Iterable[ImageTransformParameter | Mapping[str, Any]] | None = ...,
        rotate_prob_weights: Iterable[float] | None = ...,
        shear_params: Iterable[ImageTransformParameter | Mapping[str, Any]] | None = ...,
        shear_prob_weights: Iterable[float] | None = ...,
        gauss_blur_params: Iterable[ImageTransformParameter | Mapping[str, Any]] | None = ...,
        gauss_blur_prob_weights: Iterable[float] | None = ...,
        unsharp_mask_params: Iterable[ImageTransformParameter | Mapping[str, Any]] | None = ...,
        unsharp_mask_prob_weights: Iterable[float] | None = ...,
        perspective_params: Iterable[ImageTransformParameter | Mapping[str, Any]] | None = ...,
        perspective_prob_weights: Iterable[float] | None = ...,
        color_jitter_params: Iterable[ImageTransformParameter | Mapping[str, Any]] | None = ...,
        color_jitter_prob_weights: Iterable[float] | None = ...,
        elastic_deformation_params: Iterable[ImageTransformParameter | Mapping[str, Any]] | None = ...,
        elastic_deformation_prob_weights: Iterable[float] | None = ...,
        zero_border_params: Iterable[ImageTransformParameter | Mapping[str, Any]] | None = ...,
        zero_border_prob_weights: Iterable[float] | None = ...,
    ) -> None: ...

class ImageTransformParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    Interpolation: ClassVar[EnumTypeWrapper]
    INTER_NEAREST: ClassVar[int]
    INTER_LINEAR: ClassVar[int]
    INTER_AREA: ClassVar[int]
    INTER_CUBIC: ClassVar[int]
    INTER_LANCZOS4: ClassVar[int]
    BorderMode: ClassVar[EnumTypeWrapper]
    BORDER_CONSTANT: ClassVar[int]
    BORDER_REFLECT: ClassVar[int]
    BORDER_REFLECT_101: ClassVar[int]
    BORDER_WRAP: ClassVar[int]
    BORDER_REPLICATE: ClassVar[int]
    width: RepeatedScalarFieldContainer[int]
    height: RepeatedScalarFieldContainer[int]
    size: RepeatedScalarFieldContainer[int]
    width_perc: RepeatedScalarFieldContainer[float]
    height_perc: RepeatedScalarFieldContainer[float]
    size_perc: RepeatedScalarFieldContainer[float]
    interpolation: int
    border_mode: int
    border_val: float
    shift: RepeatedScalarFieldContainer[float]
    scale: RepeatedScalarFieldContainer[float]
    error_on_size_mismatch: bool
    horz_reflect_prob: float
    vert_reflect_prob: float
    std_dev: RepeatedScalarFieldContainer[float]
    max_angle: float
    max_shear_angle: float
    min_sigma: float
    max_sigma: float
    min_amount: float
    max_amount: float
    values: RepeatedScalarFieldContainer[float]
    sigma: float
    max_alpha: float
    def __init__(
        self,
        *,
        width: Iterable[int] | None = ...,
        height: Iterable[int] | None = ...,
        size: Iterable[int] | None = ...,
        width_perc: Iterable[float] | None = ...,
        height_perc: Iterable[float] | None = ...,
        size_perc: Iterable[float] | None = ...,
        interpolation: int | str | None = ...,
        border_mode: int | str | None = ...,
        border_val: float | None = ...,
        shift: Iterable[float] | None = ...,
        scale: Iterable[float] | None = ...,
        error_on_size_mismatch: bool | None = ...,
        horz_reflect_prob: float | None = ...,
        vert_reflect_prob: float | None = ...,
        std_dev: Iterable[float] | None = ...,
        max_angle: float | None = ...,
        max_shear_angle: float | None = ...,
        min_sigma: float | None = ...,
        max_sigma: float | None = ...,
        min_amount: float | None = ...,
        max_amount: float | None = ...,
        values: Iterable[float] | None = ...,
        sigma: float | None = ...,
        max_alpha: float | None = ...,
    ) -> None: ...

class XLUParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    negative_slope: float
    engine: int
    relu6: bool
    saturate: int
    maximum: float
    minimum: float
    def __init__(
        self,
        *,
        negative_slope: float | None = ...,
        engine: int | str | None = ...,
        relu6: bool | None = ...,
        saturate: int | str | None = ...,
        maximum: float | None = ...,
        minimum: float | None = ...,
    ) -> None: ...

class LSTMUnitParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    forget_bias: float
    def __init__(
        self,
        *,
        forget_bias: float | None = ...,
    ) -> None: ...

class GANLossParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    dis_iter: int
    gen_iter: int
    dis_lossweight: float
    gen_lossweight: float
    simple_genloss: bool
    k_lr: float
    equilibrium: float
    nothing: bool
    def __init__(
        self,
        *,
        dis_iter: int | None = ...,
        gen_iter: int | None = ...,
        dis_lossweight: float | None = ...,
        gen_lossweight: float | None = ...,
        simple_genloss: bool | None = ...,
        k_lr: float | None = ...,
        equilibrium: float | None = ...,
        nothing: bool | None = ...,
    ) -> None: ...

class DepthToSpaceParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    block_size: int
    data_format: str
    def __init__(
        self,
        *,
        block_size: int | None = ...,
        data_format: str | None = ...,
    ) -> None: ...

class SpaceToDepthParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    block_size: int
    data_format: str
    def __init__(
        self,
        *,
        block_size: int | None = ...,
        data_format: str | None = ...,
    ) -> None: ...

class ResizeNearestNeighborParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    align_corners: bool
    output_height: int
    output_width: int
    data_format: str
    scale_height: float
    scale_width: float
    def __init__(
        self,
        *,
        align_corners: bool | None = ...,
        output_height: int | None = ...,
        output_width: int | None = ...,
        data_format: str | None = ...,
        scale_height: float | None = ...,
        scale_width: float | None = ...,
    ) -> None: ...

class ResizeBilinearParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    align_corners: bool
    output_height: int
    output_width: int
    data_format: str
    scale_height: float
    scale_width: float
    def __init__(
        self,
        *,
        align_corners: bool | None = ...,
        output_height: int | None = ...,
        output_width: int | None = ...,
        data_format: str | None = ...,
        scale_height: float | None = ...,
        scale_width: float | None = ...,
    ) -> None: ...

class GatherParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    indices: RepeatedScalarFieldContainer[int]
    shape: RepeatedScalarFieldContainer[int]
    axis: int
    def __init__(
        self,
        *,
        indices: Iterable[int] | None = ...,
        shape: Iterable[int] | None = ...,
        axis: int | None = ...,
    ) -> None: ...

class TopkGatherParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    top_k: int
    axis: int
    def __init__(
        self,
        *,
        top_k: int | None = ...,
        axis: int | None = ...,
    ) -> None: ...

class NMSGatherParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    top_k: int
    axis: int
    iou_threshold: float
    def __init__(
        self,
        *,
        top_k: int | None = ...,
        axis: int | None = ...,
        iou_threshold: float | None = ...,
    ) -> None: ...

class GatherNdParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    indices: RepeatedScalarFieldContainer[int]
    indices_shape: RepeatedScalarFieldContainer[int]
    def __init__(
        self,
        *,
        indices: Iterable[int] | None = ...,
        indices_shape: Iterable[int] | None = ...,
    ) -> None: ...

class Where4Parameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    num_output: int
    axis: int
    def __init__(
        self,
        *,
        num_output: int | None = ...,
        axis: int | None = ...,
    ) -> None: ...

class Where4GatherndParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    num_output: int
    axis: int
    def __init__(
        self,
        *,
        num_output: int | None = ...,
        axis: int | None = ...,
    ) -> None: ...

class CropAndResizeParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    crop_h: int
    crop_w: int
    extrapolation_value: float
    def __init__(
        self,
        *,
        crop_h: int | None = ...,
        crop_w: int | None = ...,
        extrapolation_value: float | None = ...,
    ) -> None: ...

class Where4GatherndCropParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    num_output: int
    axis: int
    crop_h: int
    crop_w: int
    extrapolation_value: float
    def __init__(
        self,
        *,
        num_output: int | None = ...,
        axis: int | None = ...,
        crop_h: int | None = ...,
        crop_w: int | None = ...,
        extrapolation_value: float | None = ...,
    ) -> None: ...

class PyramidRoiAlignParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    num_output: int
    axis: int
    crop_h: int
    crop_w: int
    extrapolation_value: float
    data_format: str
    def __init__(
        self,
        *,
        num_output: int | None = ...,
        axis: int | None = ...,
        crop_h: int | None = ...,
        crop_w: int | None = ...,
        extrapolation_value: float | None = ...,
        data_format: str | None = ...,
    ) -> None: ...

class PadParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    paddings: RepeatedScalarFieldContainer[int]
    constant_values: float
    def __init__(
        self,
        *,
        paddings: Iterable[int] | None = ...,
        constant_values: float | None = ...,
    ) -> None: ...

class MirrorPadParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    paddings: RepeatedScalarFieldContainer[int]
    constant_values: float
    mode: str
    def __init__(
        self,
        *,
        paddings: Iterable[int] | None = ...,
        constant_values: float | None = ...,
        mode: str | None = ...,
    ) -> None: ...

class StackParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    axis: int
    def __init__(
        self,
        *,
        axis: int | None = ...,
    ) -> None: ...

class UnstackParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    num: int
    axis: int
    def __init__(
        self,
        *,
        num: int | None = ...,
        axis: int | None = ...,
    ) -> None: ...

class ReduceParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    axis: RepeatedScalarFieldContainer[int]
    keepdims: bool
    def __init__(
        self,
        *,
        axis: Iterable[int] | None = ...,
        keepdims: bool | None = ...,
    ) -> None: ...

class ReduceNormParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    axes: RepeatedScalarFieldContainer[int]
    keepdims: int
    def __init__(
        self,
        *,
        axes: Iterable[int] | None = ...,
        keepdims: int | None = ...,
    ) -> None: ...

class SeLuParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    alpha: float
    def __init__(
        self,
        *,
        alpha: float | None = ...,
    ) -> None: ...

class SeLuDropoutParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    dropout_ratio: float
    alpha: float
    def __init__(
        self,
        *,
        dropout_ratio: float | None = ...,
        alpha: float | None = ...,
    ) -> None: ...

class SpaceToBatchNDParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    block_shape: RepeatedScalarFieldContainer[int]
    paddings: RepeatedScalarFieldContainer[int]
    def __init__(
        self,
        *,
        block_shape: Iterable[int] | None = ...,
        paddings: Iterable[int] | None = ...,
    ) -> None: ...

class BatchToSpaceNDParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    block_shape: RepeatedScalarFieldContainer[int]
    crops: RepeatedScalarFieldContainer[int]
    def __init__(
        self,
        *,
        block_shape: Iterable[int] | None = ...,
        crops: Iterable[int] | None = ...,
    ) -> None: ...

class TileNDParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    multiples: RepeatedScalarFieldContainer[int]
    def __init__(
        self,
        *,
        multiples: Iterable[int] | None = ...,
    ) -> None: ...

class ExpandDimsNDParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    axis: RepeatedScalarFieldContainer[int]
    def __init__(
        self,
        *,
        axis: Iterable[int] | None = ...,
    ) -> None: ...

class SqueezeParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    axis: RepeatedScalarFieldContainer[int]
    def __init__(
        self,
        *,
        axis: Iterable[int] | None = ...,
    ) -> None: ...

class BroadcastToParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    shape: RepeatedScalarFieldContainer[int]
    def __init__(
        self,
        *,
        shape: Iterable[int] | None = ...,
    ) -> None: ...

class StridedSliceParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    begin: RepeatedScalarFieldContainer[int]
    end: RepeatedScalarFieldContainer[int]
    strides: RepeatedScalarFieldContainer[int]
    axes: RepeatedScalarFieldContainer[int]
    begin_mask: int
    end_mask: int
    ellipsis_mask: int
    new_axis_mask: int
    shrink_axis_mask: int
    def __init__(
        self,
        *,
        begin: Iterable[int] | None = ...,
        end: Iterable[int] | None = ...,
        strides: Iterable[int] | None = ...,
        axes: Iterable[int] | None = ...,
        begin_mask: int | None = ...,
        end_mask: int | None = ...,
        ellipsis_mask: int | None = ...,
        new_axis_mask: int | None = ...,
        shrink_axis_mask: int | None = ...,
    ) -> None: ...

class PieceParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    begin: RepeatedScalarFieldContainer[int]
    size: RepeatedScalarFieldContainer[int]
    def __init__(
        self,
        *,
        begin: Iterable[int] | None = ...,
        size: Iterable[int] | None = ...,
    ) -> None: ...

class RangeParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    start: float
    limit: float
    delta: float
    def __init__(
        self,
        *,
        start: float | None = ...,
        limit: float | None = ...,
        delta: float | None = ...,
    ) -> None: ...

class SparseToDenseParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    sparse_indices: RepeatedScalarFieldContainer[int]
    sparse_indices_shape: RepeatedScalarFieldContainer[int]
    output_shape: RepeatedScalarFieldContainer[int]
    sparse_values: RepeatedScalarFieldContainer[float]
    default_value: float
    validate_indices: bool
    def __init__(
        self,
        *,
        sparse_indices: Iterable[int] | None = ...,
        sparse_indices_shape: Iterable[int] | None = ...,
        output_shape: Iterable[int] | None = ...,
        sparse_values: Iterable[float] | None = ...,
        default_value: float | None = ...,
        validate_indices: bool | None = ...,
    ) -> None: ...

class EmbeddingLookupParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    ids: RepeatedScalarFieldContainer[int]
    ids_shape: RepeatedScalarFieldContainer[int]
    partition_strategy: str
    max_norm: float
    def __init__(
        self,
        *,
        ids: Iterable[int] | None = ...,
        ids_shape: Iterable[int] | None = ...,
        partition_strategy: str | None = ...,
        max_norm: float | None = ...,
    ) -> None: ...

class EmbeddingLookupSparseParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    ids_indices: RepeatedScalarFieldContainer[int]
    ids_values: RepeatedScalarFieldContainer[int]
    ids_shape: RepeatedScalarFieldContainer[int]
    weight_values: RepeatedScalarFieldContainer[float]
    partition_strategy: str
    combiner: str
    max_norm: float
    def __init__(
        self,
        *,
        ids_indices: Iterable[int] | None = ...,
        ids_values: Iterable[int] | None = ...,
        ids_shape: Iterable[int] | None = ...,
        weight_values: Iterable[float] | None = ...,
        partition_strategy: str | None = ...,
        combiner: str | None = ...,
        max_norm: float | None = ...,
    ) -> None: ...

class GemmParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    alpha: float
    beta: float
    transA: int
    transB: int
    def __init__(
        self,
        *,
        alpha: float | None = ...,
        beta: float | None = ...,
        transA: int | None = ...,
        transB: int | None = ...,
    ) -> None: ...

class ReverseSequenceParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    seq_lengths: RepeatedScalarFieldContainer[int]
    seq_axis: int
    batch_axis: int
    def __init__(
        self,
        *,
        seq_lengths: Iterable[int] | None = ...,
        seq_axis: int | None = ...,
        batch_axis: int | None = ...,
    ) -> None: ...

class ThresholdedReLUParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    alpha: float
    def __init__(
        self,
        *,
        alpha: float | None = ...,
    ) -> None: ...

class SqueezeConvolutionParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    num_output: int
    bias_term: bool
    pad: RepeatedScalarFieldContainer[int]
    kernel_size: RepeatedScalarFieldContainer[int]
    group: int
    stride: RepeatedScalarFieldContainer[int]
    weight_filler: FillerParameter
    bias_filler: FillerParameter
    pad_h: int
    pad_w: int
    kernel_h: int
    kernel_w: int
    stride_h: int
    stride_w: int
    engine: int
    axis: int
    force_nd_im2col: bool
    gamma: float
    power: float
    iter_stop: float
    c_rate: float
    weight_mask_filler: FillerParameter
    bias_mask_filler: FillerParameter
    dilation: RepeatedScalarFieldContainer[int]
    dynamicsplicing: bool
    splicing_rate: float
    def __init__(
        self,
        *,
        num_output: int | None = ...,
        bias_term: bool | None = ...,
        pad: Iterable[int] | None = ...,
        kernel_size: Iterable[int] | None = ...,
        group: int | None = ...,
        stride: Iterable[int] | None = ...,
        weight_filler: FillerParameter | Mapping[str, Any] | None = ...,
        bias_filler: FillerParameter | Mapping[str, Any] | None = ...,
        pad_h: int | None = ...,
        pad_w: int | None = ...,
        kernel_h: int | None = ...,
        kernel_w: int | None = ...,
        stride_h: int | None = ...,
        stride_w: int | None = ...,
        engine: int | str | None = ...,
        axis: int | None = ...,
        force_nd_im2col: bool | None = ...,
        gamma: float | None = ...,
        power: float | None = ...,
        iter_stop: float | None = ...,
        c_rate: float | None = ...,
        weight_mask_filler: FillerParameter | Mapping[str, Any] | None = ...,
        bias_mask_filler: FillerParameter | Mapping[str, Any] | None = ...,
        dilation: Iterable[int] | None = ...,
        dynamicsplicing: bool | None = ...,
        splicing_rate: float | None = ...,
    ) -> None: ...

class SqueezeInnerProductParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    num_output: int
    bias_term: bool
    weight_filler: FillerParameter
    bias_filler: FillerParameter
    axis: int
    transpose: bool
    gamma: float
    power: float
    iter_stop: float
    c_rate: float
    weight_mask_filler: FillerParameter
    bias_mask_filler: FillerParameter
    dynamicsplicing: bool
    splicing_rate: float
    def __init__(
        self,
        *,
        num_output: int | None = ...,
        bias_term: bool | None = ...,
        weight_filler: FillerParameter | Mapping[str, Any] | None = ...,
        bias_filler: FillerParameter | Mapping[str, Any] | None = ...,
        axis: int | None = ...,
        transpose: bool | None = ...,
        gamma: float | None = ...,
        power: float | None = ...,
        iter_stop: float | None = ...,
        c_rate: float | None = ...,
        weight_mask_filler: FillerParameter | Mapping[str, Any] | None = ...,
        bias_mask_filler: FillerParameter | Mapping[str, Any] | None = ...,
        dynamicsplicing: bool | None = ...,
        splicing_rate: float | None = ...,
    ) -> None: ...

class BlockGroupLassoSpec(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    xdimen: int
    ydimen: int
    block_decay_mult: float
    def __init__(
        self,
        *,
        xdimen: int | None = ...,
        ydimen: int | None = ...,
        block_decay_mult: float | None = ...,
    ) -> None: ...

class SparsifyParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    coef: float
    thre: float
    display: bool
    def __init__(
        self,
        *,
        coef: float | None = ...,
        thre: float | None = ...,
        display: bool | None = ...,
    ) -> None: ...

class GroupNormParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    eps: float
    group_num: int
    num_groups: int
    group: int
    def __init__(
        self,
        *,
        eps: float | None = ...,
        group_num: int | None = ...,
        num_groups: int | None = ...,
        group: int | None = ...,
    ) -> None: ...

class SpatialSoftmaxParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    engine: int
    temperature: float
    def __init__(
        self,
        *,
        engine: int | str | None = ...,
        temperature: float | None = ...,
    ) -> None: ...

class EltwiseAffineParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    slope_filler: FillerParameter
    bias_filler: FillerParameter
    channel_shared: bool
    def __init__(
        self,
        *,
        slope_filler: FillerParameter | Mapping[str, Any] | None = ...,
        bias_filler: FillerParameter | Mapping[str, Any] | None = ...,
        channel_shared: bool | None = ...,
    ) -> None: ...

class PwAttendParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]

class FilterParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    need_back_prop: RepeatedScalarFieldContainer[bool]
    def __init__(
        self,
        *,
        need_back_prop: Iterable[bool] | None = ...,
    ) -> None: ...

class NoiseLayerParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    filler_param: FillerParameter
    def __init__(
        self,
        *,
        filler_param: FillerParameter | Mapping[str, Any] | None = ...,
    ) -> None: ...

class ResizeLayerParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    ResizeType: ClassVar[EnumTypeWrapper]
    NEAREST: ClassVar[int]
    BILINEAR: ClassVar[int]
    height: int
    width: int
    is_pyramid_test: bool
    type: int
    factor: float
    intermediate_output: bool
    out_height_scale: float
    out_width_scale: float
    scale_factor: float
    def __init__(
        self,
        *,
        height: int | None = ...,
        width: int | None = ...,
        is_pyramid_test: bool | None = ...,
        type: int | str | None = ...,
        factor: float | None = ...,
        intermediate_output: bool | None = ...,
        out_height_scale: float | None = ...,
        out_width_scale: float | None = ...,
        scale_factor: float | None = ...,
    ) -> None: ...

class SegDataParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    source: str
    root_dir: str
    batch_size: int
    image_root_folder: str
    label_root_folder: str
    def __init__(
        self,
        *,
        source: str | None = ...,
        root_dir: str | None = ...,
        batch_size: int | None = ...,
        image_root_folder: str | None = ...,
        label_root_folder: str | None = ...,
    ) -> None: ...

class TRTParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    deploy: str
    model: str
    batch_size: int
    top_k: int
    def __init__(
        self,
        *,
        deploy: str | None = ...,
        model: str | None = ...,
        batch_size: int | None = ...,
        top_k: int | None = ...,
    ) -> None: ...

class RingPadParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    axis: int
    pad: int
    def __init__(
        self,
        *,
        axis: int | None = ...,
        pad: int | None = ...,
    ) -> None: ...

class MTCNNDataParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    augmented: bool
    flip: bool
    num_positive: int
    num_negitive: int
    num_part: int
    resize_width: int
    resize_height: int
    min_negitive_scale: float
    max_negitive_scale: float
    def __init__(
        self,
        *,
        augmented: bool | None = ...,
        flip: bool | None = ...,
        num_positive: int | None = ...,
        num_negitive: int | None = ...,
        num_part: int | None = ...,
        resize_width: int | None = ...,
        resize_height: int | None = ...,
        min_negitive_scale: float | None = ...,
        max_negitive_scale: float | None = ...,
    ) -> None: ...

class SpatialTransformerParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    transform_type: str
    sampler_type: str
    output_H: int
    output_W: int
    to_compute_dU: bool
    theta_1_1: float
    theta_1_2: float
    theta_1_3: float
    theta_2_1: float
    theta_2_2: float
    theta_2_3: float
    de_transform: float
    def __init__(
        self,
        *,
        transform_type: str | None = ...,
        sampler_type: str | None = ...,
        output_H: int | None = ...,
        output_W: int | None = ...,
        to_compute_dU: bool | None = ...,
        theta_1_1: float | None = ...,
        theta_1_2: float | None = ...,
        theta_1_3: float | None = ...,
        theta_2_1: float | None = ...,
        theta_2_2: float | None = ...,
        theta_2_3: float | None = ...,
        de_transform: float | None = ...,
    ) -> None: ...

class RankHardLossParameter(Message):
    DESCRIPTOR: ClassVar[Descriptor]
    neg_num: int
    pair_size: int
    hard_ratio: float
    rand_ratio: float
    margin: float
    def __init__(
        self,
        *,
        neg_num: int | None = ...,
        pair_size: int | None = ...,
        hard_ratio: float | None = ...,
        rand_ratio: float | None = ...,
        margin: float | None = ...,
    ) -> None: ...
