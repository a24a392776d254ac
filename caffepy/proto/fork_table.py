"""The table of forks: whose words they are, and what says the same in the original's words.

One word a line would be too long; so words are grouped by the fork they come from. ``forks`` says
how they are written, and looks them up. What the schema or the registry learns leaves ``WORDS``;
cures are also told where a layer does not follow a word of the schema (core.obeys).
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
    "hed": "HED's fork (s9xie/hed)",
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
    "c3d": "C3D's fork (facebookarchive/C3D)",
    "shufflenet": "the MobileNet and ShuffleNet layers of farmingyard",
    "depthwise": "the depthwise layer of yonghenglh6",
    "senet": "SENet's fork (hujie-frank/SENet)",
    "transfer": "the transfer learning fork thuml/transfer-caffe",
    "ssl": "the structured sparsity fork (wenwei202/caffe)",
    "cpm": "the pose machines' fork (shihenw/caffe)",
    "pixelnet": "PixelNet's fork (aayushbansal/PixelNet)",
    "augment": "the augmentation fork twtygqyy/caffe-augmentation",
    "ascend": "Huawei's tools for Ascend",
    "lisa": "Lisa Anne Hendricks' and cbfinn's forks (lisa-caffe-public, cbfinn/caffe)",
    "other": "a fork of Caffe",
}

# whose words: types, V1:TYPES, Message.fields and Message.field=VALUES
WORDS = {
    "rfcn": "PSROIAlign",
    "mnc": "ROIWarping ROIWarpingTest MaskPooling MaskResize *.mask_pooling_param",
    "cascade": """
        BboxAccuracy BoxGroupOutput BoxOutput DecodeBBox DetectionAccuracy DetectionData
        DetectionGroupAccuracy DetectionGroupLoss DetectionLoss FrcnnOutput ImageGtData
        ProposalTarget *.bbox_accuracy_param""",
    "deconvnet": "*.window_seg_data_param",
    "pspnet": """
        MatWrite MatRead DenseCRF UniqueLabel
        *.image_seg_data_param""",
    "hed": "*.image_labelmap_data_param",
    "crfrnn": "MultiStageMeanfield",
    "nvidia": "DetectNetTransformation",
    "intel": "PriorBoxClustered ConvolutionParameter.fusion_type",
    "synopsys": """
        BatchToSpaceND SpaceToBatchND ResizeBilinear ResizeNearestNeighbor Squeeze Pad
        UpsampleDarknet""",
    "yolo": """
        YoloSeg MultiBoxFocalLoss SegmentationEvaluate""",
    "yolo2": "BoxData DetectionLoss EvalDetection YoloV2Loss *.box_data_param",
    "ocr": "DenseBlock",
    "crnn": "LabelsequenceAccuracy",
    "flownet": """
        Correlation1D FlowAugmentation
        GenerateAugmentationParameters FloWriter
        FloatWriter FloatReader FLOReader IMGReader FloData CustomData
        Accum LpqLoss DataParameter.preselection_range""",
    "liteflow": "*.grid_param",
    "happynear": """
        LabelSpecificRescale
        InnerDistance Insanity GeneralContrastiveLoss GeneralTripletLoss
        NormalizedSigmoidCrossEntropyLoss""",
    "jaa": "AlignDataTransform Combination Division AUMaskBasedLand",
    "ascend": "Yolo SpatialTransform FSRDetectionOutput",
    "mtcnn": """
        OftenMtcnnData
        OftenMtcnnLandMarkLoss OftenMtcnnSoftmaxLoss OftenMtcnnAccuracy
        OftenMtcnnClassBridge OftenMtcnnEuclideanLoss""",
    "c3d": "Deconvolution3D",
    "transfer": "MMDLoss JMMDLoss EntropyLoss",
    "ssl": "ParamSpec.decay_proto SolverParameter.force_decay SolverParameter.force_type",
    "cpm": "CPMData",
    "pixelnet": "SparseHypercolumnExtractor SparseHistogramExtractor",
    "other": """
        Add Mul Resize Noise PwAttend BeamSearch BeamSearchNode LSTMNode TripletImageData
        EvalData Sparsify SpatialTransformer RoIAlign RoiAlign
        WeightedEuclideanLoss WeightEuclideanLoss SpatialSoftmax BilinearInterpolation
        L2Norm EuclideanDistance ScaleRoute GroupNorm GANLoss MultiLabelImageData
        BatchTripletLoss DotProductSimilarity
        OuterProduct PairwiseRankingLoss RankAccuracy SoftmaxKLDLoss ExtendedImageData
        ImageFloatData GradientScaler HardMining BgrToMunsell DocData EuclideanLoss2
        GlobalLSEMargin NaiveTripletLoss SegData StripDecimals TRT UniformToHistogram
        WeightedFmeasureLoss V1:MULTI_SOFTMAX V1:MULTI_SOFTMAX_LOSS""",
    "augment": "TransformationParameter.jpeg_compression",
}

SCALE_AFTER = ("Let a Scale layer with scale_param { bias_term: true } follow the BatchNorm, and "
               "leave this out.")
DEPTH = ("Convolution takes as many axes as its bottom has: give kernel_size, stride and pad once "
         'for each; C3D has these words in type: "Convolution3D".')
SHAPES = ('The word is of type: "NdConvolution"; here give kernel_size, stride and pad once for '
          "each axis.")

# what says the same in the original's words, where something does; {v} is the value given
CURES = {
    "BatchNormParameter.filler": SCALE_AFTER + " scale_param has a filler, too.",
    "BatchNormParameter.bias_filler": SCALE_AFTER + " scale_param has it, too.",
    "BatchNormParameter.bias_term": SCALE_AFTER,
    "ConvolutionParameter.relu": "Write a ReLU layer after it.",
    "ConvolutionParameter.is_relu": "Write a ReLU layer after it.",
    "ConvolutionParameter.kernel_depth": DEPTH, "ConvolutionParameter.temporal_pad": DEPTH,
    "ConvolutionParameter.temporal_stride": DEPTH, "ConvolutionParameter.kernel_shape": SHAPES,
    "ConvolutionParameter.stride_shape": SHAPES, "ConvolutionParameter.pad_shape": SHAPES,
    "DataParameter.shuffle": "Leave it out; convert_imageset -shuffle makes a shuffled database.",
    "ReLUParameter.relu6": "Write a Clip layer with clip_param { min: 0 max: 6 } after the ReLU.",
    "Add": 'Write type: "Eltwise", which adds.',
    "Mul": 'Write type: "Eltwise" with eltwise_param { operation: PROD }.',
    "Squeeze": 'Write type: "Reshape".',
    "ParamSpec.param_propagate_down": "Write lr_mult: 0 for a parameter that stays as it is.",
    "SolverParameter.max_epoch": "Write max_iter: epochs x records / batch_size.",
    "SolverParameter.device_id_all": "Several GPUs are a flag: caffepy train -gpu 0,1.",
}
