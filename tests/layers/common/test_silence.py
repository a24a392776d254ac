from support import build


def test_silence_gives_no_gradient():
    layer, bottom, top = build('type: "Silence"', (2, 3), (4,))
    layer.forward(bottom, top)
    for blob in bottom:
        blob.diff[...] = 1
    layer.backward(top, [True, False], bottom)
    assert not bottom[0].diff.any()
    assert bottom[1].diff.all()
