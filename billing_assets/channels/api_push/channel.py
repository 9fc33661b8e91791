"""One attempt to push a message, and what it came to.

Belongs here: putting message, signature and exchange together.
Does not belong here: each of these three, when to try again, any clock.
"""

from billing_assets.channels.api_push.answers import meaning, outcome
from billing_assets.channels.api_push.message import PushEndpoint, PushMessage, fault_of
from billing_assets.channels.api_push.signature import secret_keys, signed_headers
from billing_assets.channels.outbound import Outbound
from billing_assets.domain.deliveries import DeliveryState, SendResult
from billing_assets.domain.errors import BillingError


class ApiPushChannel:
    """Pushes documents to the endpoints of payers and partners; may be used by several threads."""

    def __init__(self, outbound: Outbound | None = None) -> None:
        """Take the way out, with its time-outs; nothing is opened yet."""
        self._outbound = outbound or Outbound()

    def require_usable(self, endpoint: PushEndpoint) -> None:
        """Raise ``endpoint_url_invalid`` or ``push_secret_invalid`` unless the endpoint can be used.

        Nothing is asked of the endpoint, and its name is not resolved.
        """
        self._outbound.require_usable(endpoint.url)
        secret_keys(endpoint.secrets)

    def send(self, endpoint: PushEndpoint, message: PushMessage) -> SendResult:
        """Try once, and return what came of it; never raises for what the other side does.

        A message that cannot be pushed is ``failed`` with ``bad_message`` or ``message_too_big``, an endpoint
        that cannot be used ``bad_endpoint``. For the rest see ``answers.meaning``. ``unknown`` is never asked
        again by itself, though each attempt has the same ``webhook-id``: not every receiver looks at it.
        """
        if fault := fault_of(message):
            return outcome(DeliveryState.FAILED, fault)
        try:
            keys = secret_keys(endpoint.secrets)
        except BillingError:
            return outcome(DeliveryState.FAILED, "bad_endpoint")
        timestamp = int(message.dated_at.timestamp())
        headers = {
            "Content-Type": message.media_type,
            "User-Agent": "billing_assets",
            **signed_headers(keys, message.message_id, timestamp, message.payload),
        }
        return meaning(self._outbound.post(endpoint.url, headers, message.payload), message.dated_at)
