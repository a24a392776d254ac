"""Nets as people write them in PyTorch, small, with weights and statistics as after a training."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402


def conv_bn(inputs, outputs, kernel=3, stride=1, groups=1, act=nn.ReLU):
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs), *([act()] if act else []))


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.body = nn.Sequential(conv_bn(inputs, outputs, 3, stride),
                                  conv_bn(outputs, outputs, act=None))
        plain = stride == 1 and inputs == outputs
        self.downsample = None if plain else conv_bn(inputs, outputs, 1, stride, act=None)

    def forward(self, x):
        other = x if self.downsample is None else self.downsample(x)
        return F.relu(self.body(x) + other)


class ResNet18(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(conv_bn(3, 8, 7, 2), nn.MaxPool2d(3, 2, 1))
        blocks, inputs = [], 8
        for outputs, stride in ((8, 1), (16, 2), (32, 2), (64, 2)):
            blocks += [Block(inputs, outputs, stride), Block(outputs, outputs, 1)]
            inputs = outputs
        self.layers = nn.Sequential(*blocks)
        self.fc = nn.Linear(64, 10)

    def forward(self, x):
        return self.fc(torch.flatten(F.adaptive_avg_pool2d(self.layers(self.stem(x)), 1), 1))


class Inverted(nn.Module):
    def __init__(self, inputs, outputs, stride, expand):
        super().__init__()
        hidden = inputs * expand
        self.plain = stride == 1 and inputs == outputs
        self.conv = nn.Sequential(
            conv_bn(inputs, hidden, 1, act=nn.ReLU6),
            conv_bn(hidden, hidden, 3, stride, hidden, nn.ReLU6),
            conv_bn(hidden, outputs, 1, act=None))

    def forward(self, x):
        return x + self.conv(x) if self.plain else self.conv(x)


class MobileNetV2(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            conv_bn(3, 8, 3, 2, act=nn.ReLU6), Inverted(8, 8, 1, 1), Inverted(8, 12, 2, 4),
            Inverted(12, 12, 1, 4), conv_bn(12, 40, 1, act=nn.ReLU6))
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(40, 10))

    def forward(self, x):
        return self.classifier(self.features(x).mean([2, 3]))


class Attention(nn.Module):
    """Squeeze and excitation, as in MobileNetV3."""

    def __init__(self, channels):
        super().__init__()
        self.fc1, self.fc2 = nn.Conv2d(channels, 4, 1), nn.Conv2d(4, channels, 1)

    def forward(self, x):
        scale = self.fc2(F.relu(self.fc1(F.adaptive_avg_pool2d(x, 1))))
        return F.hardsigmoid(scale) * x


class MobileNetV3(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(conv_bn(3, 8, 3, 2, act=nn.Hardswish), Attention(8),
                                      conv_bn(8, 8, 5, 1, 8, nn.SiLU), Attention(8))
        self.classifier = nn.Sequential(nn.Linear(8, 16), nn.Hardswish(), nn.Linear(16, 5))

    def forward(self, x):
        return F.softmax(self.classifier(self.features(x).mean([2, 3])), dim=1)


class Fire(nn.Module):
    def __init__(self, inputs, squeezed, outputs):
        super().__init__()
        self.squeeze = nn.Conv2d(inputs, squeezed, 1)
        self.expand1x1 = nn.Conv2d(squeezed, outputs, 1)
        self.expand3x3 = nn.Conv2d(squeezed, outputs, 3, padding=1)

    def forward(self, x):
        x = F.relu(self.squeeze(x))
        return torch.cat([F.relu(self.expand1x1(x)), F.relu(self.expand3x3(x))], 1)


class SqueezeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 16, 3, 2), nn.ReLU(), nn.MaxPool2d(3, 2, ceil_mode=True), Fire(16, 4, 8),
            Fire(16, 4, 8), nn.MaxPool2d(3, 2, ceil_mode=True), Fire(16, 8, 16))
        self.classifier = nn.Sequential(nn.Dropout(), nn.Conv2d(32, 10, 1), nn.ReLU(),
                                        nn.AdaptiveAvgPool2d(1))

    def forward(self, x):
        return torch.flatten(self.classifier(self.features(x)), 1)


class UNet(nn.Module):
    """One way up by transposed convolutions, the other by interpolation."""

    def __init__(self, bilinear):
        super().__init__()
        self.bilinear = bilinear
        self.down1, self.down2, self.middle = conv_bn(3, 8), conv_bn(8, 16), conv_bn(16, 32)
        self.up2, self.up1 = nn.ConvTranspose2d(32, 16, 2, 2), nn.ConvTranspose2d(16, 8, 3, 2, 1, 1)
        self.mix2 = conv_bn(48 if bilinear else 32, 16)
        self.mix1 = conv_bn(24 if bilinear else 16, 8)
        self.out = nn.Conv2d(8, 2, 1)

    def bigger(self, x, up):
        if self.bilinear:
            return F.interpolate(x, scale_factor=2, mode="bilinear")
        return up(x)

    def forward(self, x):
        one = self.down1(x)
        two = self.down2(F.max_pool2d(one, 2))
        x = self.middle(F.max_pool2d(two, 2))
        x = self.mix2(torch.cat([two, self.bigger(x, self.up2)], 1))
        x = self.mix1(torch.cat([one, self.bigger(x, self.up1)], 1))
        return self.out(x)


class VGG(nn.Module):
    def __init__(self):
        super().__init__()
        layers, inputs = [], 3
        for outputs in (8, 0, 16, 16, 0, 32, 0):
            layers += ([nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU(True)] if outputs else
                       [nn.MaxPool2d(2, 2)])
            inputs = outputs or inputs
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(nn.Linear(32 * 16, 64), nn.ReLU(True), nn.Dropout(),
                                        nn.Linear(64, 10))

    def forward(self, x):
        x = self.features(x)
        return self.classifier(x.view(x.size(0), -1))


class Shuffle(nn.Module):
    """ShuffleNet's shuffle of channels, PReLU, halves, padding, a sum over pictures."""

    def __init__(self):
        super().__init__()
        self.conv, self.act = nn.Conv2d(3, 12, 3, padding=1), nn.PReLU(12)
        self.fc = nn.Linear(12, 4)

    def forward(self, x):
        x = self.act(self.conv(x))
        n, c, h, w = x.size()
        x = x.view(n, 3, c // 3, h, w).transpose(1, 2).contiguous().view(n, c, h, w)
        a, b = x.chunk(2, 1)
        x = F.pad(torch.cat([b * 2 + 1, a], 1), (1, 0, 2, 1))
        return self.fc(F.avg_pool2d(x, 3, 2, 1).sum((2, 3)))


NETS = {
    "ResNet-18": ResNet18, "MobileNetV2": MobileNetV2, "MobileNetV3": MobileNetV3,
    "SqueezeNet": SqueezeNet, "U-Net": lambda: UNet(False), "U-Net, bilinear": lambda: UNet(True),
    "VGG": VGG, "ShuffleNet": Shuffle,
}
SIZE = 32


def trained(name):
    """One of NETS, in evaluation, with statistics that are not those of the start."""
    torch.manual_seed(1701)
    net = NETS[name]()
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            for values in (module.weight.data, module.running_var):
                values.uniform_(0.5, 1.5)
            for values in (module.bias.data, module.running_mean):
                values.normal_(0, 0.3)
    return net.eval()
