"""Fetch the inventories that the site links by, and add the names that people write.

`torch.inv` is PyTorch's own inventory plus `torch-aliases.tsv`: names that its documentation lists
only in another place, such as `torch.nn.Parameter`. Both are committed, so that a build needs no
network. Run by `nox -s inventory`; the files change only when every download has succeeded.
"""

import csv
import sys
from pathlib import Path
from urllib.error import URLError

import sphobjinv

HERE = Path(__file__).parent
SOURCES = {
    "torch": "https://docs.pytorch.org/docs/stable/objects.inv",
    "python": "https://docs.python.org/3/objects.inv",
}


def add_aliases(inventory: sphobjinv.Inventory, table: Path) -> None:
    """Add each name of the table that the inventory lacks."""
    known = {item.name for item in inventory.objects}
    with table.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            if row["name"] in known:
                continue
            domain, role = row["domain:role"].split(":")
            inventory.objects.append(
                sphobjinv.DataObjStr(
                    name=row["name"],
                    domain=domain,
                    role=role,
                    priority="1",
                    uri=row["uri"],
                    dispname="-",
                )
            )


def write(inventory: sphobjinv.Inventory, name: str) -> None:
    """Write the inventory in the form that Sphinx reads."""
    inventory.objects.sort(key=lambda item: (item.domain, item.role, item.name))
    packed = sphobjinv.compress(inventory.data_file())
    sphobjinv.writebytes(str(HERE / f"{name}.inv"), packed)


def main() -> int:
    """Refresh both inventories, or say what could not be reached and leave them alone."""
    fetched = {}
    for name, url in SOURCES.items():
        try:
            fetched[name] = sphobjinv.Inventory(url=url)
        except (URLError, OSError) as error:
            print(f"inventory: {url} can't be reached ({error}); nothing was changed")
            return 1
    add_aliases(fetched["torch"], HERE / "torch-aliases.tsv")
    for name, inventory in fetched.items():
        write(inventory, name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
