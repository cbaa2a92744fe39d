"""Read and edit XMP, the metadata in which other programs keep ratings, picks and crops."""

from prefml.decisions.xmp.edit import edit_packet, new_packet
from prefml.decisions.xmp.packet import MOST_BYTES, Name, Packet, read_packet

__all__ = ["MOST_BYTES", "Name", "Packet", "edit_packet", "new_packet", "read_packet"]
