"""Template versions in the store: what was used is kept, so that an old invoice prints as it did.

Belongs here: registering a version, reading its archive. Does not belong here: rendering (``documents``).
"""

from datetime import datetime

from sqlalchemy import Connection, text

from billing_assets.domain.template_choice import FrozenTemplate


def register_template(
    connection: Connection,
    document_kind: str,
    template_sha256: str,
    engine_version: str,
    archive: bytes,
    recorded_at: datetime,
) -> FrozenTemplate:
    """Return the version with this content and engine, after adding it if it is new."""
    values = {
        "kind": document_kind,
        "hash": template_sha256,
        "engine": engine_version,
        "archive": archive,
        "at": recorded_at,
    }
    find = text(
        "select template_version_id from template_version where document_kind = :kind "
        "and content_sha256 = decode(:hash, 'hex') and engine_version = :engine"
    )
    found = connection.execute(find, values).scalar_one_or_none()
    if found is None:
        connection.execute(
            text(
                "insert into template_version "
                "(document_kind, content_sha256, engine_version, archive, recorded_at) "
                "values (:kind, decode(:hash, 'hex'), :engine, :archive, :at) on conflict do nothing"
            ),
            values,
        )
        found = connection.execute(find, values).scalar_one()
    return FrozenTemplate(template_version_id=found, template_sha256=template_sha256)


def read_template_archive(connection: Connection, template_version_id: int) -> bytes:
    """Return the archive of a template version."""
    query = text("select archive from template_version where template_version_id = :id")
    return bytes(connection.execute(query, {"id": template_version_id}).scalar_one())
