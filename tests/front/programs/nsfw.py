"""Classify one picture from memory: resized by PIL, decoded by load_image, cropped."""
import argparse
import sys
from io import BytesIO

import caffe
import numpy as np
from PIL import Image


def resize_image(data, sz=(256, 256)):
    im = Image.open(BytesIO(data))
    if im.mode != "RGB":
        im = im.convert("RGB")
    imr = im.resize(sz, resample=Image.BILINEAR)
    fh_im = BytesIO()
    imr.save(fh_im, format="JPEG")
    fh_im.seek(0)
    return bytearray(fh_im.read())


def compute(pimg, caffe_transformer=None, caffe_net=None, output_layers=None):
    if caffe_net is None:
        return []
    if output_layers is None:
        output_layers = caffe_net.outputs
    img_data_rs = resize_image(pimg, sz=(20, 20))
    image = caffe.io.load_image(BytesIO(img_data_rs))
    H, W, _ = image.shape
    _, _, h, w = caffe_net.blobs["data"].data.shape
    h_off, w_off = int(max((H - h) / 2, 0)), int(max((W - w) / 2, 0))
    crop = image[h_off:h_off + h, w_off:w_off + w, :]
    transformed_image = caffe_transformer.preprocess("data", crop)
    transformed_image.shape = (1,) + transformed_image.shape
    input_name = caffe_net.inputs[0]
    all_outputs = caffe_net.forward_all(blobs=output_layers, **{input_name: transformed_image})
    return all_outputs[output_layers[0]][0].astype(float)


def main(argv):
    parser = argparse.ArgumentParser()
    parser.add_argument("input_file")
    parser.add_argument("--model_def")
    parser.add_argument("--pretrained_model")
    args = parser.parse_args()
    image_data = open(args.input_file, "rb").read()
    nsfw_net = caffe.Net(args.model_def, args.pretrained_model, caffe.TEST)
    t = caffe.io.Transformer({"data": nsfw_net.blobs["data"].data.shape})
    t.set_transpose("data", (2, 0, 1))
    t.set_mean("data", np.array([104, 117, 123]))
    t.set_raw_scale("data", 255)
    t.set_channel_swap("data", (2, 1, 0))
    scores = compute(image_data, caffe_transformer=t, caffe_net=nsfw_net, output_layers=["prob"])
    print("score: %.4f of %d" % (scores[1], len(scores)))


if __name__ == "__main__":
    main(sys.argv)
