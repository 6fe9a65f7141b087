"""Drawings on clean and hard pages by a renderer that shares nothing with Neume's own: an examination from outside.

    hard_pages.py draw FOLDER COUNT SEED     pictures, and what they show, in FOLDER/labels.csv
    hard_pages.py mark FOLDER NEUME [CARD]   how `NEUME read` reads them: by style, beside a ruler, and how its confidences
                                             hold; the same is written into the CARD of the weights
    hard_pages.py trust FOLDER NEUME WEIGHTS sets right how sure the sketch network of the file WEIGHTS is, by the same; `NEUME`
                                             must read with these weights (`NEUME_WEIGHTS`)

The school's pages are harder than those that composers draw, and a network that learned from them is too modest on others.

Needs the packages numpy, opencv-python-headless, pillow and skia-python, and the DejaVu fonts of the system.
"""

import collections
import colorsys
import csv
import glob
import json
import math
import os
import struct
import subprocess
import sys

STYLES = ["thin", "line", "thick", "ragged", "bristly", "dashed", "dotted", "short", "full", "several", "filled", "wave"]
STYLES += ["zigzag", "sign", "pencil", "marker"]
MAYBE_FULL = ("full", "thin", "line", "thick", "ragged", "bristly", "dashed", "dotted", "pencil", "marker")
SIGNS = "ABEFGHKMNRSTWXYZabdefghkmnrstz&%$@?ΔΘΛΞΠΣΦΨΩЖЯЩфю∑∞∂√≈≠♩♫★☂"
FAMILIES = ["brass", "reed", "synth_lead", "guitar", "keyboard", "mallet", "flute", "vocal", "string", "organ", "bass"]
FAMILIES += ["percussion"]
# Every page is drawn this high, in pixels, and then made smaller.
HIGH = 1200
ROWS = 48


def draw_all(folder, count, seed):
    import cv2
    import numpy as np
    import skia
    from PIL import Image, ImageDraw, ImageFont

    fonts = glob.glob("/usr/share/fonts/truetype/dejavu/*.ttf")
    fonts = [f for f in fonts if "Mono" in f or "Sans-" in f or "Serif.ttf" in f or f.endswith("Sans.ttf")]
    fixed = lambda point: tuple(int(round(v * 16)) for v in point)

    def centre_of(rng, aspect, style, width):
        """The path of the pen's middle, in pixels."""
        y, across = rng.uniform(0.07, 0.93) * HIGH, aspect * HIGH
        if style == "short":
            long = rng.uniform(0.06, 0.14) * across
        elif (style in MAYBE_FULL and rng.random() < 0.4) or style == "full":
            long = across * rng.uniform(0.9, 1.02)
        else:
            long = rng.uniform(0.2, 0.85) * across
        left = rng.uniform(0, max(across - long, 1)) if long < across else (across - long) / 2
        t = np.linspace(0, 1, max(int(long / 3), 24))
        x, ys = left + t * long, np.full_like(t, y)
        if style == "wave":
            ys = y + rng.uniform(0.015, 0.08) * HIGH * np.sin(t * rng.uniform(1, 5) * 2 * math.pi + rng.uniform(0, 6))
        elif style == "zigzag":
            along = (t * min(rng.uniform(3, 14), long / (5 * width * HIGH) + 1)) % 1
            ys = y + rng.uniform(0.015, 0.08) * HIGH * (4 * np.abs(along - 0.5) - 1)
        else:
            slope = rng.normal(0, 0.01) if rng.random() < 0.7 else rng.normal(0, 0.06)
            terms = (2, 4, 7, 11, 17)
            waver = sum(rng.normal(0, 0.0022) * np.sin(t * long / HIGH * f + rng.uniform(0, 6)) for f in terms)
            ys = y + (t - 0.5) * long * slope + waver * HIGH
        return np.stack([x, ys], 1)

    def stroke(ink, points, width_px):
        surface = skia.Surface(ink.shape[1], ink.shape[0])
        canvas, path = surface.getCanvas(), skia.Path()
        canvas.clear(skia.ColorBLACK)
        path.moveTo(*map(float, points[0]))
        for point in points[1:]:
            path.lineTo(float(point[0]), float(point[1]))
        look = {"Style": skia.Paint.kStroke_Style, "StrokeCap": skia.Paint.kRound_Cap, "StrokeJoin": skia.Paint.kRound_Join}
        canvas.drawPath(path, skia.Paint(AntiAlias=True, StrokeWidth=float(width_px), Color=skia.ColorWHITE, **look))
        np.maximum(ink, surface.toarray()[:, :, 0], out=ink)

    def strokes_where(ink, points, is_on, width_px):
        run = []
        for point, on in zip(points, is_on):
            if on:
                run.append(point)
            elif len(run) > 1:
                stroke(ink, np.array(run), width_px() if callable(width_px) else width_px)
                run = []
        if len(run) > 1:
            stroke(ink, np.array(run), width_px() if callable(width_px) else width_px)

    def drawing(rng, aspect, style):
        """Ink 0..255, and the pen's width as a part of the height, where it has one."""
        ink = np.zeros((HIGH, int(aspect * HIGH)), np.uint8)
        between = lambda low, high: math.exp(rng.uniform(math.log(low), math.log(high)))
        bounds = {"thin": (0.0028, 0.006), "thick": (0.028, 0.07), "marker": (0.028, 0.07), "pencil": (0.004, 0.012)}
        width = between(*bounds.get(style, (0.007, 0.05)))
        w = width * HIGH
        if style == "filled":
            points = rng.integers(3, 9)
            at, radius = [rng.uniform(0.15, aspect - 0.15) * HIGH, rng.uniform(0.12, 0.88) * HIGH], rng.uniform(0.04, 0.14) * HIGH
            angles = np.sort(rng.uniform(0, 2 * math.pi, points))
            if rng.random() < 0.5:
                edge = np.stack([at[0] + radius * 1.5 * np.cos(angles), at[1] + radius * np.sin(angles)], 1)
            else:
                angles = np.linspace(0, 2 * math.pi, 90)
                r = radius * (1 + 0.25 * np.sin(angles * points + rng.uniform(0, 6)))
                edge = np.stack([at[0] + r * np.cos(angles), at[1] + 0.7 * r * np.sin(angles)], 1)
            cv2.fillPoly(ink, [np.round(edge * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
            return ink, None
        if style == "sign":
            font = ImageFont.truetype(fonts[rng.integers(len(fonts))], int(rng.uniform(0.12, 0.35) * HIGH))
            sign, picture = SIGNS[rng.integers(55)], Image.new("L", (ink.shape[1], HIGH))
            place = (rng.uniform(0.1, max(aspect - 0.4, 0.15)) * HIGH, rng.uniform(0.02, 0.6) * HIGH)
            ImageDraw.Draw(picture).text(place, sign, font=font, fill=255)
            return np.array(picture), None
        if style == "several":
            lines, y = rng.integers(2, 5), rng.uniform(0.1, 0.9)
            apart = rng.uniform(1.5, 4) * w if rng.random() < 0.7 else 0.02 * HIGH
            for line in range(lines):
                points = centre_of(rng, aspect, "line", 0.01)
                points[:, 1] += (y * HIGH - points[:, 1].mean()) + (line - lines / 2) * apart + rng.normal(0, 0.1) * w
                stroke(ink, points, w)
            return ink, width
        points = centre_of(rng, aspect, style, width)
        travelled = np.cumsum(np.r_[0, np.hypot(*np.diff(points, axis=0).T)])
        if style == "ragged":
            for x, y in points[:: max(int(w / 9), 1)]:
                high, long = w * rng.uniform(0.7, 1.05), rng.uniform(0.3, 1.6) * w
                top = int(y - high / 2 + rng.normal(0, 0.06) * w)
                bottom = int(y + high / 2 + rng.normal(0, 0.06) * w)
                cv2.rectangle(ink, (int(x - long / 2), top), (int(x + long / 2), bottom), 255, -1)
        elif style == "bristly":
            hairs, way = rng.integers(5, 12), np.gradient(points, axis=0)
            aside = np.stack([-way[:, 1], way[:, 0]], 1)
            aside /= np.linalg.norm(aside, axis=1, keepdims=True) + 1e-9
            for hair in range(hairs):
                off = (hair / (hairs - 1) - 0.5) * w * (1 - 1 / hairs)
                hair_at = points + aside * (off + rng.normal(0, 0.03 * w, len(points)).cumsum()[:, None] * 0.05)
                is_on = np.ones(len(points), bool)
                for _ in range(rng.integers(0, 4)):
                    lifted = rng.integers(0, len(points))
                    is_on[lifted : lifted + rng.integers(3, 30)] = False
                strokes_where(ink, hair_at, is_on, lambda: w / hairs * rng.uniform(0.7, 1.2))
        elif style == "dashed":
            dash = rng.uniform(0.02, 0.08) * HIGH
            gap = dash * rng.uniform(0.4, 1.2)
            strokes_where(ink, points, (travelled % (dash + gap)) < dash, w)
        elif style == "dotted":
            for at in np.arange(0, travelled[-1], w * rng.uniform(1.6, 3.2)):
                dot = points[min(np.searchsorted(travelled, at), len(points) - 1)]
                cv2.circle(ink, fixed(dot), int(w / 2 * 16), 255, -1, cv2.LINE_AA, 4)
        else:
            stroke(ink, points, w)
        return ink, width

    def page(rng, is_hard, ink, style):
        """The picture, the ink as it lies there, and what else is known of it."""
        high, wide = ink.shape
        is_dark, is_open, hue = rng.random() < 0.2, rng.random() < 0.35, None
        if not is_hard and rng.random() < 0.6:
            paper = np.array([255.0, 255, 255])
        elif not is_dark:
            paper = np.array([rng.uniform(225, 255), rng.uniform(222, 252), rng.uniform(205, 250)])
        else:
            paper = np.full(3, rng.uniform(8, 45))
        if is_dark and not is_hard:
            paper = np.full(3, rng.uniform(8, 45))
        is_dark = paper.mean() < 100
        if is_open:
            colour = np.full(3, rng.uniform(190, 250) if is_dark else rng.uniform(10, 80))
        else:
            hue = int(rng.integers(12))
            lightness = rng.uniform(0.5, 0.7) if is_dark else rng.uniform(0.3, 0.5)
            colour = np.array(colorsys.hls_to_rgb(hue / 12, lightness, rng.uniform(0.7, 1))) * 255
        image = np.ones((high, wide, 3), np.float32) * paper.astype(np.float32)
        if is_hard:
            fibre = rng.normal(0, 1, (high // 4, wide // 4)).astype(np.float32)
            fibre = cv2.GaussianBlur(fibre, (0, 0), rng.uniform(0.7, 4))
            image += cv2.resize(fibre / fibre.std(), (wide, high))[..., None] * rng.uniform(0, 3.5)
        grid = "none"
        if rng.random() < (0.6 if is_hard else 0.3):
            grid = ["squared", "ruled", "twelve"][rng.integers(3)]
            rows = 12 if grid == "twelve" else rng.integers(8, 40)
            step = high / rows
            begin = 0 if grid == "twelve" else rng.uniform(0, step)
            is_blue = rng.random() < 0.5
            printed = np.array([0.5, 0.65, 0.95]) * rng.uniform(120, 255) if is_blue else np.full(3, rng.uniform(40, 200))
            printed = 255 - printed * 0.6 if is_dark else printed
            strength, thick = rng.uniform(0.15, 1), max(int(rng.uniform(0.001, 0.003) * high), 1)
            lines = np.zeros((high, wide), np.uint8)
            for i in range(-1, rows + 2):
                cv2.line(lines, (0, int(begin + i * step)), (wide, int(begin + i * step)), 255, thick, cv2.LINE_AA)
            for i in range(-1, int(wide / step) + 2) if grid != "ruled" else []:
                cv2.line(lines, (int(begin + i * step), 0), (int(begin + i * step), high), 255, thick, cv2.LINE_AA)
            image += (lines[..., None] / 255.0 * strength) * (printed - image)
        if is_hard and rng.random() < 0.35:
            radius, at = rng.uniform(0.08, 0.22) * high, (rng.uniform(0, wide), rng.uniform(0, high))
            ys, xs = np.mgrid[0:high, 0:wide]
            far = np.hypot(xs - at[0], ys - at[1])
            ring = np.exp(-(((far - radius) / (rng.uniform(0.006, 0.02) * high)) ** 2))
            ring = ring * (0.6 + 0.4 * np.cos(np.arctan2(ys - at[1], xs - at[0]) + rng.uniform(0, 6)))
            image *= 1 - (ring + 0.12 * (far < radius))[..., None] * rng.uniform(0.15, 0.5) * np.array([0.5, 0.7, 1.0])
        cover = ink.astype(np.float32) / 255
        if style == "pencil" or (is_hard and rng.random() < 0.12):
            grain = cv2.resize(rng.random((high // 2, wide // 2)).astype(np.float32), (wide, high))
            cover = cover * np.clip(0.45 + 0.9 * (grain - 0.3), 0.1, 1)
            colour = np.full(3, rng.uniform(60, 110)) if is_open and not is_dark else colour
        if style == "marker":
            bled = cv2.GaussianBlur(cover, (0, 0), rng.uniform(0.001, 0.004) * high)
            edge = cv2.resize(rng.random((high // 6, wide // 6)).astype(np.float32), (wide, high))
            cover = np.clip((bled - 0.25 * edge - 0.15) / 0.5, 0, 1) * rng.uniform(0.6, 0.95)
        image += cover[..., None] * (colour - image)
        if is_hard:
            ys, xs = np.mgrid[0:high, 0:wide].astype(np.float32)
            ys, xs, angle = ys / high - 0.5, xs / wide - 0.5, rng.uniform(0, 6.28)
            image *= (1 + rng.uniform(0, 0.3) * (xs * math.cos(angle) + ys * math.sin(angle)))[..., None]
            image *= 1 - rng.uniform(0, 0.25) * (xs**2 + ys**2)[..., None] * 2
            if rng.random() < 0.35:
                hand, x = np.zeros((high, wide), np.float32), rng.uniform(0.2, 0.9) * wide
                edge = [(x + rng.uniform(-0.1, 0.25) * wide, high * (1 - i / 6 * rng.uniform(0.5, 0.9))) for i in range(1, 6)]
                edge = [(x, high)] + edge + [(wide * 1.1, high * rng.uniform(0.1, 0.6)), (wide * 1.1, high)]
                cv2.fillPoly(hand, [np.array(edge, np.int32)], 1.0)
                hand = cv2.GaussianBlur(hand, (0, 0), rng.uniform(0.01, 0.05) * high)
                image *= 1 - (hand * rng.uniform(0.15, 0.5))[..., None]
            image *= 1 + rng.normal(0, 0.03, 3)
            if rng.random() < 0.6:
                turn = cv2.getRotationMatrix2D((wide / 2, high / 2), float(np.clip(rng.normal(0, 1.5), -4, 4)), 1)
                look = {"flags": cv2.INTER_LINEAR, "borderMode": cv2.BORDER_REPLICATE}
                image, ink = cv2.warpAffine(image, turn, (wide, high), **look), cv2.warpAffine(ink, turn, (wide, high))
        return image, ink, {"dark": int(is_dark), "open": int(is_open), "hue": "" if hue is None else hue, "grid": grid}

    os.makedirs(folder, exist_ok=True)
    labels = []
    for i in range(count):
        rng, style = np.random.default_rng([seed, i]), STYLES[i % len(STYLES)]
        is_hard = (i // len(STYLES)) % 4 != 0
        aspect = min([1.5, 1.5, 1, 4 / 3, 0.75, 2][rng.integers(6)] if is_hard else [1.5, 1, 1.5][rng.integers(3)], 1.5)
        ink, width = drawing(rng, aspect, style)
        image, ink, known = page(rng, is_hard, ink, style)
        high = int([300, 400, 600, 800, 1000, 1200][rng.integers(6)])
        if is_hard:
            image = cv2.GaussianBlur(image, (0, 0), max(rng.uniform(0, 0.0022) * HIGH, 0.01))
        image = cv2.resize(image, (int(round(aspect * high)), high), interpolation=cv2.INTER_AREA)
        if is_hard:
            image += rng.normal(0, rng.uniform(0, 7), image.shape[:2])[..., None]
            image += rng.normal(0, rng.uniform(0, 3), image.shape)
        inked = ink.astype(float).sum(1)
        below = np.cumsum(inked) / max(inked.sum(), 1)
        median = 1 - (np.searchsorted(below, 0.5) + 0.5) / HIGH
        edges = np.clip(np.r_[0, below], 0.4, 0.6)
        middle_fifth = 1 - float((np.diff(edges) * (np.arange(HIGH) + 0.5)).sum() / 0.2) / HIGH
        if inked.sum() < 255 * 20 or not 0.02 < median < 0.98:
            continue
        name = f"{i:04d}." + ("jpg" if is_hard and rng.random() < 0.6 else "png")
        quality = {"quality": int(rng.integers(35, 92))} if name.endswith("jpg") else {}
        Image.fromarray(np.clip(image, 0, 255).astype(np.uint8)).save(f"{folder}/{name}", **quality)
        heights = {"median": round(float(median), 5), "middle_fifth": round(middle_fifth, 5)}
        labels.append({"file": name, "style": style, "hard": int(is_hard), **heights, "width": "" if width is None else width, **known})
    with open(f"{folder}/labels.csv", "w", newline="") as file:
        table = csv.DictWriter(file, labels[0].keys())
        table.writeheader()
        table.writerows(labels)


def ruler(path):
    """The height that needs no network: the row of the median pixel that differs from the commonest colour."""
    import numpy as np
    from PIL import Image

    picture = np.asarray(Image.open(path).convert("RGB"), np.float32)
    off = np.abs(picture - np.median(picture.reshape(-1, 3), 0)).max(2)
    rows = (off > 0.5 * np.percentile(off, 99.9)).sum(1).cumsum()
    return 1 - (np.searchsorted(rows, rows[-1] / 2) + 0.5) / len(rows)


def read_all(folder, neume):
    """For each picture what it shows, the reading or none, and what of it is right."""
    labels = list(csv.DictReader(open(f"{folder}/labels.csv")))
    readings = {}
    for at in range(0, len(labels), 100):
        files = [f"{folder}/{label['file']}" for label in labels[at : at + 100]]
        answer = subprocess.run([neume, "--json", "read", *files], capture_output=True, text=True).stdout
        readings |= {os.path.basename(reading["file"]): reading for reading in json.loads(answer)["readings"]}
    loudness_db = lambda width: -36 + 36 * min(max(math.log(width / 0.0025) / math.log(30), 0), 1)
    for label in labels:
        reading, right = readings.get(label["file"]), {}
        y = (reading["pitch"]["midi"] - 35.5) / ROWS if reading else math.inf
        for height in ("median", "middle_fifth"):
            right[height] = abs(y - float(label[height])) <= 0.5 / ROWS
        right["ruler"] = abs(ruler(f"{folder}/{label['file']}") - float(label["median"])) <= 0.5 / ROWS
        if label["width"]:
            right["loudness"] = bool(reading) and abs(reading["loudness"]["db"] - loudness_db(float(label["width"]))) <= 4
        family, is_open = reading and reading["timbre"]["family"], label["open"] == "1"
        right["open"] = bool(reading) and (family is None) == is_open
        if not is_open:
            right["family"] = family == FAMILIES[int(label["hue"])]
        yield label, reading, right


def claims_of(reading, right):
    """How sure a reading is of each aspect, and whether it is right."""
    said = {"pitch": right["median"], "timbre": right.get("family", right["open"])}
    said |= {"loudness": right["loudness"]} if "loudness" in right else {}
    return {aspect: (reading[aspect]["confidence"], is_right) for aspect, is_right in said.items()}


def mark(folder, neume, card=None):
    marks = collections.defaultdict(lambda: collections.defaultdict(list))
    claims = collections.defaultdict(list)
    missed = 0
    for label, reading, right in read_all(folder, neume):
        page = "hard" if label["hard"] == "1" else "clean"
        for row in ((page, "all"), (page, label["style"])):
            for what, is_right in right.items():
                marks[row][what].append(is_right)
        missed += not reading
        for aspect, claim in claims_of(reading, right).items() if reading and page == "hard" else ():
            claims[aspect].append(claim)
    columns = ["median", "middle_fifth", "ruler", "loudness", "family", "open"]
    print(f"{'percent':22}" + "".join(f"{column:>14}" for column in columns))
    figures = {}
    for (page, style), of in sorted(marks.items()):
        shares = {column: 100 * sum(of[column]) / len(of[column]) if of[column] else None for column in columns}
        texts = [f"{'-':>14}" if share is None else f"{share:14.1f}" for share in shares.values()]
        print(f"{page:6}{style:10}{len(of['median']):6}" + "".join(texts))
        names = {"median": "pitch", "ruler": "ruler", "loudness": "loudness", "family": "family", "open": "open"}
        known = {f"{name}_percent": round(shares[of_it], 1) for of_it, name in names.items() if shares[of_it] is not None}
        figures.setdefault(page, {})[style] = {"drawings": len(of["median"]), **known}
    for aspect, said in claims.items():
        tenths = [[claim for claim in said if min(int(10 * claim[0]), 9) == tenth] for tenth in range(10)]
        off = [abs(sum(c for c, _ in tenth) - sum(r for _, r in tenth)) for tenth in tenths]
        print(f"calibration error, hard pages, {aspect}: {sum(off) / len(said):.3f}")
        figures["hard"]["all"][f"{aspect}_calibration_error"] = round(sum(off) / len(said), 4)
    print(f"not read: {missed}")
    if card:
        data = json.load(open(card))
        data["metrics"]["pages_of_another_renderer"] = figures
        open(card, "w").write(json.dumps(data, indent=2, ensure_ascii=False) + "\n")


def trust(folder, neume, weights):
    import numpy as np

    data = bytearray(open(weights, "rb").read())
    start = 8 + struct.unpack("<Q", data[:8])[0]
    begin, end = json.loads(data[8:start])["doubts"]["data_offsets"]
    doubts = np.frombuffer(bytes(data[start + begin : start + end]), "<f4").reshape(3, 2).copy()
    said = [claims_of(reading, right) for _, reading, right in read_all(folder, neume) if reading]
    for aspect, doubt in zip(("pitch", "loudness", "timbre"), doubts):
        claims = np.array([claim[aspect] for claim in said if aspect in claim], float)
        held = claims[:, 0].clip(1e-4, 1 - 1e-4)
        # What the network said before its doubts; then Newton's method, as in models/src/train/doubt.rs.
        x, right = (np.log(held / (1 - held)) - doubt[1]) / np.exp(doubt[0]), claims[:, 1]
        slope, shift = 1.0, 0.0
        for _ in range(30):
            p = 1 / (1 + np.exp(-(slope * x + shift)))
            down = [slope - 1 + ((p - right) * x).sum(), shift + (p - right).sum()]
            steep = p * (1 - p)
            bend = [[1 + (steep * x * x).sum(), (steep * x).sum()], [(steep * x).sum(), 1 + steep.sum()]]
            slope, shift = np.array([slope, shift]) - np.linalg.solve(bend, down)
            # Flatter, and a doubtful reading would hardly show among so many that are right.
            slope, shift = min(max(slope, 1.0), 10.0), min(max(shift, -5.0), 5.0)
        doubt[:] = math.log(slope), shift
        print(f"{aspect}: slope {slope:.3f}, shift {shift:.3f}")
    data[start + begin : start + end] = doubts.astype("<f4").tobytes()
    open(weights, "wb").write(data)


if __name__ == "__main__":
    if len(sys.argv) == 5 and sys.argv[1] == "draw":
        draw_all(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
    elif len(sys.argv) in (4, 5) and sys.argv[1] == "mark":
        mark(*sys.argv[2:])
    elif len(sys.argv) == 5 and sys.argv[1] == "trust":
        trust(*sys.argv[2:])
    else:
        sys.exit(__doc__)
