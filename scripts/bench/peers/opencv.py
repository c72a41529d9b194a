"""The same three models in OpenCV's dnn module, one thread: a frame for each line on standard input.

Arguments: the folder of the models and a JPEG. Prints "ready", then the milliseconds that each frame took.
"""

import sys
import time

import cv2
import numpy as np

models, jpeg_path = sys.argv[1:3]
cv2.setNumThreads(1)
detector = cv2.dnn.readNet(f"{models}/ultraface-rfb-320.onnx")
landmarks = cv2.dnn.readNet(f"{models}/landmarks-68.onnx")
encoder = cv2.dnn.readNet(f"{models}/mobilefacenet-arcface.onnx")
jpeg = np.fromfile(jpeg_path, np.uint8)

# The five points of the encoder's template (models/manifest.json), and the landmarks whose means they are.
TEMPLATE = np.array([[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]])
GROUPS = [[37, 38, 40, 41], [43, 44, 46, 47], [30], [48, 60], [54, 64]]


def similarity(points):
    """The rotation, scale and shift that bring points onto the template, least squares."""
    mean, target = points.mean(0), TEMPLATE.mean(0)
    p, t = points - mean, TEMPLATE - target
    scale = (p**2).sum()
    a = (p * t).sum() / scale
    b = (p[:, 0] * t[:, 1] - p[:, 1] * t[:, 0]).sum() / scale
    linear = np.array([[a, -b], [b, a]])
    return np.hstack([linear, (target - linear @ mean)[:, None]])


def embed():
    picture = cv2.imdecode(jpeg, cv2.IMREAD_COLOR)
    height, width = picture.shape[:2]
    detector.setInput(cv2.dnn.blobFromImage(picture, 1 / 128, (320, 240), (127, 127, 127), swapRB=True))
    scores, boxes = detector.forward(["scores", "boxes"])
    good = scores[0, :, 1] > 0.65
    corners = boxes[0][good] * [width, height, width, height]
    rectangles = [[x0, y0, x1 - x0, y1 - y0] for x0, y0, x1, y1 in corners.tolist()]
    kept = cv2.dnn.NMSBoxes(rectangles, scores[0, good, 1].tolist(), 0.65, 0.4)
    left, top, across, down = rectangles[int(np.ravel(kept)[0])]

    side = down
    x, y = left + across / 2 - side / 2, top
    crop = cv2.warpAffine(picture, np.array([[64 / side, 0, -x * 64 / side], [0, 64 / side, -y * 64 / side]]), (64, 64))
    landmarks.setInput(cv2.dnn.blobFromImage(cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY), 1 / 256))
    points = landmarks.forward().reshape(68, 2) * side + [x, y]

    matrix = similarity(np.array([points[group].mean(0) for group in GROUPS]))
    aligned = cv2.warpAffine(picture, matrix, (112, 112))
    encoder.setInput(cv2.dnn.blobFromImage(aligned, 1 / 128, mean=(127, 127, 127)))
    vector = encoder.forward()[0]
    return vector / np.linalg.norm(vector)


for _ in range(5):
    embed()
print("ready", flush=True)
for _ in sys.stdin:
    start = time.perf_counter()
    embed()
    print(f"{(time.perf_counter() - start) * 1000:.3f}", flush=True)
