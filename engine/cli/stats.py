"""`emojuke stats`: what is stored."""

from __future__ import annotations

from engine.assistant import Assistant
from engine.catalogue import LOCAL_GUILD, LOCAL_MEMBER, STARTER_GUILD
from engine.cli.output import printable, to_json, write


def show_stats(assistant: Assistant, *, as_json: bool) -> None:
    """Print counts of songs, segments, votes and failed files, and the space they take.

    Raises:
        CatalogueError: when the catalogue cannot be read.
    """
    catalogue, index = assistant.catalogue, assistant.library.index()
    home = assistant.settings.home
    counts = {
        "own_tracks": catalogue.count_tracks([LOCAL_GUILD]),
        "starter_tracks": catalogue.count_tracks([STARTER_GUILD]),
        "indexed_songs": index.n_songs,
        "indexed_segments": index.n_segments,
        "left_out": assistant.library.left_out,
        "votes": len(catalogue.votes(LOCAL_GUILD, LOCAL_MEMBER)),
        "failed_files": len(catalogue.errors(LOCAL_GUILD)),
        "bytes": sum(file.stat().st_size for file in home.rglob("*") if file.is_file()),
    }
    if as_json:
        write(to_json({"home": str(home), **counts}))
        return
    write(f"home folder      {printable(str(home))}")
    for key, value in counts.items():
        shown = f"{value / 1e6:,.1f} MB" if key == "bytes" else f"{value:,}"
        write(f"{('disk space' if key == 'bytes' else key.replace('_', ' ')):<16} {shown}")
