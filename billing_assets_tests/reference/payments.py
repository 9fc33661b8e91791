"""A book of documents and payments in plain Python, allocated one payment after the other.

Belongs here: the rules, written apart from `billing_assets.frames.allocation`, as an oracle for it.
Does not belong here: the store, the ledger.
"""

from dataclasses import dataclass, field


@dataclass
class ReferenceDocument:
    """A document of a payer; `number` orders those that are due on one day."""

    number: int
    payer: str
    due: int
    payable: int
    credited: int = 0


@dataclass
class ReferencePayment:
    """A payment; `names` is the number of a document or None, `payer` None while nobody owns it."""

    key: str
    amount: int
    payer: str | None = None
    names: int | None = None
    returned: int = 0


@dataclass
class ReferenceBook:
    """What came in and what is owed; `live` are allocations, oldest first: key, number, amount.

    >>> book = ReferenceBook()
    >>> book.bill(ReferenceDocument(1, "ana", 10, 100))
    >>> book.pay(ReferencePayment("a", 130, "ana"))
    True
    >>> book.allocate()
    >>> book.open_of(1), book.free_of("a")
    (0, 30)
    """

    documents: dict[int, ReferenceDocument] = field(default_factory=dict)
    payments: dict[str, ReferencePayment] = field(default_factory=dict)
    returns: dict[str, tuple[str, int]] = field(default_factory=dict)
    applied: set[str] = field(default_factory=set)
    live: list[tuple[str, int, int]] = field(default_factory=list)

    def bill(self, document: ReferenceDocument) -> None:
        self.documents[document.number] = document

    def credit(self, number: int) -> None:
        self.documents[number].credited = self.documents[number].payable

    def pay(self, payment: ReferencePayment) -> bool:
        """Take a payment in; False where its key is there."""
        return self.payments.setdefault(payment.key, payment) is payment

    def give_back(self, key: str, original: str, amount: int) -> bool:
        """Take a return in; it may come before its payment."""
        if key in self.returns:
            return False
        self.returns[key] = (original, amount)
        return True

    def open_of(self, number: int) -> int:
        document = self.documents[number]
        return document.payable - document.credited - sum(row[2] for row in self.live if row[1] == number)

    def free_of(self, key: str) -> int:
        payment = self.payments[key]
        return payment.amount - payment.returned - sum(row[2] for row in self.live if row[0] == key)

    def allocate(self) -> None:
        """Take off what came back and what is credited, then pay what is named, then the oldest due."""
        self._take_back()
        order = sorted(self.payments.values(), key=lambda payment: payment.key)
        for payment in order:
            named = self.documents.get(payment.names or 0)
            if (
                payment.payer is None
                and named
                and self.free_of(payment.key)
                and self.open_of(named.number) > 0
            ):
                payment.payer = named.payer
        for payment in order:
            if payment.payer is not None and payment.names in self.documents:
                self._pay(payment, self.documents[payment.names])
        for payment in order:
            for document in sorted(self.documents.values(), key=lambda each: (each.due, each.number)):
                if document.payer == payment.payer:
                    self._pay(payment, document)

    def _pay(self, payment: ReferencePayment, document: ReferenceDocument) -> None:
        amount = min(self.free_of(payment.key), self.open_of(document.number))
        if amount > 0:
            self.live.append((payment.key, document.number, amount))

    def _take_back(self) -> None:
        stopped: set[str] = set()
        for key in sorted(set(self.returns) - self.applied):
            original, amount = self.returns[key]
            payment = self.payments.get(original)
            if payment is None or original in stopped:
                continue
            if amount > payment.amount - payment.returned:
                stopped.add(original)
                continue
            payment.returned += amount
            self.applied.add(key)
        for key in self.payments:
            self._free(key, 0)
        for number in self.documents:
            self._free(number, 1)

    def _free(self, name: str | int, column: int) -> None:
        """Take the newest allocations of a payment or a document off until it has no more than it may."""
        for row in [each for each in reversed(self.live) if each[column] == name]:
            over = -self.free_of(str(name)) if column == 0 else -self.open_of(int(name))
            if over <= 0:
                return
            self.live.remove(row)
