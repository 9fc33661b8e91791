"""Print and post: documents as a folder of files for a print shop, which prints, folds and posts them.

Belongs here: how many pages a PDF has (``pages``), the list of what is in a folder (``manifest``), and
writing a folder that is there as a whole or not at all (``batch``).
Does not belong here: which documents are posted and in which batch, bringing the folder to the print shop.
"""

from billing_assets.channels.print_post.batch import BatchReceipt, write_batch
from billing_assets.channels.print_post.manifest import MOST_ADDRESS_LINES, PostedDocument
from billing_assets.channels.print_post.pages import page_count

__all__ = ["MOST_ADDRESS_LINES", "BatchReceipt", "PostedDocument", "page_count", "write_batch"]
