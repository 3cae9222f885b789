"""Write the pictures that a training on pictures held out, with their captions, into a folder as Flickr8k has it.

    python export/benchmarks/held_out_pictures.py runs/pictures held-out
    rnncomplete eval --style pictures --pictures held-out --characters 5200

RUN is the folder of the training, which has its pictures and captions beside its checkpoint.
"""

from __future__ import annotations

from pathlib import Path

import click
import numpy as np
from PIL import Image


@click.command()
@click.argument("run", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.argument("folder", type=click.Path(path_type=Path))
def main(run: Path, folder: Path) -> None:
    """Write the pictures that the training in RUN held out to FOLDER."""
    with np.load(run / "album.npz") as album:
        pictures, of, count = album["pictures"], album["of"], int(album["held_out"])
    captions = (run / "captions.txt").read_text(encoding="utf-8").splitlines()[-count:]
    folder.mkdir(parents=True)
    names = [f"{number}.png" for number in range(count)]
    for name, picture in zip(names, of[-count:], strict=True):
        Image.fromarray(pictures[picture].transpose(1, 2, 0)).save(folder / name)
    rows = "".join(f"{name}#0\t{caption}\n" for name, caption in zip(names, captions, strict=True))
    (folder / "Flickr8k.token.txt").write_text(rows, encoding="utf-8")
    (folder / "Flickr_8k.devImages.txt").write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
    click.echo(f"{count} pictures with their captions are in {folder}")


if __name__ == "__main__":
    main()
