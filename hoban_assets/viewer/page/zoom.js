// The part of a picture that is shown: the wheel zooms, Ctrl or the middle button drags it along.
const CLOSEST = 1 / 40; // of the picture's width

export class Zoom {
  constructor(drawing) {
    this.drawing = drawing;
    drawing.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    drawing.addEventListener("mousedown", (event) => event.button === 1 && event.preventDefault());
  }

  whole(width, height) {
    this.full = { x: 0, y: 0, w: width, h: height };
    this.show(this.full);
  }

  show(part) {
    this.part = { ...part };
    this.drawing.setAttribute("viewBox", `${part.x} ${part.y} ${part.w} ${part.h}`);
  }

  point(event) {
    return new DOMPoint(event.clientX, event.clientY)
      .matrixTransform(this.drawing.getScreenCTM().inverse());
  }

  wheel(event) {
    event.preventDefault();
    const by = event.deltaY < 0 ? 0.8 : 1.25;
    const width = Math.max(this.full.w * CLOSEST, this.part.w * by);
    if (width >= this.full.w) this.show(this.full);
    else {
      const at = this.point(event);
      const factor = width / this.part.w;
      this.show({
        x: at.x - (at.x - this.part.x) * factor,
        y: at.y - (at.y - this.part.y) * factor,
        w: width,
        h: this.part.h * factor,
      });
    }
  }

  wants(event) {
    return event.button === 1 || event.ctrlKey;
  }

  drag(event) {
    const scale = this.drawing.getScreenCTM().a;
    const { x, y } = this.part;
    this.show({ ...this.part, x: x - event.movementX / scale, y: y - event.movementY / scale });
  }
}
