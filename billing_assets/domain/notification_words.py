"""The words of notifications, in English and Spanish.

Belongs here: headlines, labels and the names of codes, one table for each language; how an amount and a count
are written there. Does not belong here: what a message is made of (``reports.notification``).
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from billing_assets.domain.checks import CHECKS
from billing_assets.domain.money import amount_text
from billing_assets.domain.problems import PROBLEM_CODES, meaning_of
from billing_assets.domain.runs import OUTCOME_REASONS

_HEADLINES = """
run_finalised | run {run_id} of {billing_date} is final; processed {processed}, held {held}, failed {failed} \
| la ejecución {run_id} del {billing_date} es definitiva; procesados {processed}, retenidos {held}, \
fallidos {failed}
run_held | run {run_id} of {billing_date} is held: it exceeds a safety bound, nothing was issued | \
la ejecución {run_id} del {billing_date} está retenida: supera un límite de seguridad, no se emitió nada
approval_needed | run {run_id} of {billing_date} waits for a decision | \
la ejecución {run_id} del {billing_date} espera una decisión
run_failed | run {run_id} of {billing_date} stopped before its end: {done} of {shards} parts are done | \
la ejecución {run_id} del {billing_date} se detuvo antes de acabar: {done} de {shards} partes hechas
run_late | {billing_date} was not billed by its deadline, {deadline} | \
el {billing_date} no se facturó dentro de su plazo, {deadline}
deliveries_stuck | messages to payers that wait too long: {count} | \
mensajes a pagadores que esperan demasiado: {count}
deliveries_undelivered | messages to payers that were not delivered: {count} | \
mensajes a pagadores que no se entregaron: {count}
problems_opened | problems found in {file_name}: {count} | problemas encontrados en {file_name}: {count}
retries_given_up | failed charges whose retries are used up: {count} | \
cargos fallidos cuyos reintentos se agotaron: {count}
statuses_stuck | events that {subscription_code} has not got: {count} | \
sucesos que {subscription_code} no ha recibido: {count}
requests_waiting | documents that payers ask for and that need a person: {count} | \
documentos que piden los pagadores y que necesitan a una persona: {count}
check_failed | check {check_id} fails, offenders: {count} | la comprobación {check_id} falla, casos: {count}
check_recovered | check {check_id} holds again | la comprobación {check_id} vuelve a cumplirse
notification_undeliverable | notification {message_id} to {channel_name} did not get through | \
la notificación {message_id} a {channel_name} no llegó
test | test of the channel {channel_name} | prueba del canal {channel_name}
"""

_LABELS = """
company | company | compañía
whole_store | the whole store | todo el almacén
severity | severity | gravedad
info | for information | información
warning | warning | aviso
error | error | error
critical | critical | crítico
due | charges due | cargos vencidos
invoiced | invoiced | facturados
zero | zero | a cero
held | held | retenidos
failed | failed | fallidos
credited | credited | abonados
invoices | invoices | facturas
credit_notes | credit notes | abonos
reasons | top reasons | principales motivos
more_reasons | and {count} more reasons | y {count} motivos más
amount | planned net | neto previsto
only | only these policies | solo estas pólizas
product_codes | product | producto
place_codes | place | lugar
plan_codes | payment plan | plan de pago
payer_groups | payer group | grupo de pagadores
bounds | why it is held | por qué está retenida
state | state | estado
queued | waits | en espera
sending | being sent | enviándose
unknown | may or may not have arrived | puede que haya llegado o no
not_begun | not begun | sin empezar
planned | planned | planificada
running | running | en curso
since | since | desde
check | what must hold | lo que debe cumplirse
scope | looked at | se miró
everything | everything | todo
offenders | offenders, the first few | casos, los primeros
problems | problems | problemas
attempts | attempts | intentos
reason | reason | motivo
what_to_do | what to do | qué hacer
do_run_held | billing runs show {run_id}, then approve or reject it | \
billing runs show {run_id}, y después apruébela o rechácela
do_run | billing run {billing_date}{options} | billing run {billing_date}{options}
do_charges | billing runs charges {run_id} --outcome failed, or held | \
billing runs charges {run_id} --outcome failed, o held
do_deliveries | billing deliveries | billing deliveries
do_deliver | billing deliver | billing deliver
do_problems | billing problems | billing problems
do_retries | billing retry --dry-run | billing retry --dry-run
do_requests | billing requests list --to-do | billing requests list --to-do
do_statuses | billing subscriptions list, or billing statuses tell | \
billing subscriptions list, o billing statuses tell
do_audit | billing audit; nothing is sent while a check fails | \
billing audit; no se envía nada mientras falle una comprobación
do_notifications | billing notifications | billing notifications
notices | {count} notices, first: {headline} | {count} avisos, el primero: {headline}
more_events | and {count} more, of these kinds: {kinds} | y {count} más, de estas clases: {kinds}
test_body | Whoever reads this is told by billing what the rules of this channel say. | \
Quien lee esto recibe de billing lo que digan las reglas de este canal.
footer | Told by billing from its own records; who hears what: billing notifications rules list | \
Enviado por billing a partir de sus propios registros; quién recibe qué: billing notifications rules list
"""

_DELIVERY_REASONS = """
no_address | no address for a channel that the payer takes | sin dirección para un canal que el pagador admite
too_many_requests | the endpoint wants fewer messages | el punto de conexión pide menos mensajes
server_error | the endpoint has a fault of its own | el punto de conexión tiene un fallo propio
connection_lost_before_body | the connection was lost, nothing was taken | \
se perdió la conexión sin aceptar nada
not_fetched | the partner did not fetch it in time | el socio no la recogió a tiempo
no_answer_after_request | no answer after the document was handed over | \
sin respuesta tras entregar el documento
redirected | the endpoint points somewhere else | el punto de conexión remite a otro lugar
signature_refused | the endpoint refused our signature | el punto de conexión rechazó nuestra firma
endpoint_not_found | the endpoint is not there | el punto de conexión no está
endpoint_gone | the endpoint is gone for good | el punto de conexión ya no existe
bad_endpoint | the endpoint cannot be used | el punto de conexión no se puede usar
address_not_public | the endpoint's address is not public | la dirección del punto de conexión no es pública
endpoint_unknown | the endpoint was removed | se quitó el punto de conexión
secret_unreadable | the endpoint's secret cannot be read | no se puede leer el secreto del punto de conexión
print_folder_failed | the folder for the print shop failed | falló la carpeta para la imprenta
sender_died | the sender died in the middle | el proceso que enviaba murió a medias
unprintable | a character that no font has | un carácter que ninguna fuente tiene
print_failed | it could not be printed | no se pudo imprimir
rendering_changed | it would print differently from the first time | se imprimiría distinto de la primera vez
gave_up_after_attempts | refused as often as is allowed | rechazado tantas veces como se permite
mailbox_unavailable | no such mailbox | el buzón no existe
mailbox_full | the mailbox is full | el buzón está lleno
domain_unavailable | the domain takes no mail | el dominio no recibe correo
greylisted | the server asks to be tried later | el servidor pide reintentar más tarde
message_too_big | the message is too big | el mensaje es demasiado grande
sender_refused | the server does not take this sender | el servidor no acepta este remitente
rejected | refused for content or policy | rechazado por contenido o política
protocol_error | an answer that makes no sense | una respuesta sin sentido
service_not_available | the server cannot work now | el servidor no puede trabajar ahora
refused_for_now | refused for now | rechazado por ahora
connect_failed | no connection to the server | sin conexión con el servidor
tls_failed | no trusted encrypted connection | sin conexión cifrada de confianza
auth_failed | the log-in was refused | acceso denegado
connection_lost_before_data | the connection was lost, nothing was taken | \
se perdió la conexión sin aceptar nada
no_answer_after_data | no answer after the message was handed over | sin respuesta tras entregar el mensaje
no_answer | no answer after the message was handed over | sin respuesta tras entregar el mensaje
http_refused | the service refused it | el servicio lo rechazó
partly_accepted | a part of it was accepted | se aceptó una parte
not_started | the program that asks the service did not start | el programa que llama al servicio no arrancó
no_word | the service says no more than that it failed | el servicio solo dice que falló
bad_channel | the target of the channel cannot be used | el destino del canal no sirve
scheme_not_allowed | this kind of service is not allowed here | este tipo de servicio no está permitido aquí
channel_removed | the channel was removed | el canal se eliminó
secret_unreadable | the target cannot be read with the key of the settings | \
el destino no se puede leer con la clave de la configuración
bad_address | not a deliverable address | la dirección no es válida
bad_sender | the sender's address cannot be used | la dirección del remitente no sirve
bad_message | the message cannot be built | el mensaje no se puede formar
smtputf8_not_offered | the server does not take such an address | el servidor no acepta esa dirección
closed_day | waits for the next open day | espera al próximo día hábil
again_by_decision | to be sent again | se enviará de nuevo
"""

_BOUNDS = """
invoice_count | the number of invoices is off | el número de facturas se desvía
invoice_total | the sum of the invoices is off | la suma de las facturas se desvía
bill | a single bill is off | una factura suelta se desvía
problems | too many problems | demasiados problemas
credits | too much is given back | se devuelve demasiado
run_changed_since | the book or a rule changed since the approval | \
la cartera o una regla cambió tras la aprobación
"""

_OUTCOMES_IN_SPANISH = """
no_cover | la cobertura acabó antes de empezar
zero_premium | la prima es cero
rounds_to_zero | la parte de la prima es menor que un céntimo
changed_after_billing | la cartera cambió una póliza ya facturada
row_is_problem | se rechazó una fila que trata de la póliza
billed_under_another_term | empieza dentro de un periodo ya facturado
no_tax_rule | ninguna regla de impuestos cubre un cargo
no_plan_row | ninguna fila del plan de pago vale ese día
plan_currency_differs | el plan está en otra moneda
cancelled | la póliza está anulada
nothing_left | los cambios no dejan nada que facturar
billed_elsewhere | el resto se facturó en otro sistema
cover_differs_from_changes | la cartera y los cambios no acaban el mismo día
price_contains_tax | hay cambios y el precio incluye impuestos
several_charges | hay cambios y varias partidas de prima
billing_hold | una moratoria impide facturar
amount_out_of_range | el importe no es verosímil
"""

_CHECKS_IN_SPANISH = """
I01 | el total de cada documento es la suma de sus líneas
I02 | el desglose de impuestos suma lo que dice el documento
I03 | cada importe son unidades enteras de una moneda conocida
I04 | cada asiento suma cero
I05 | el balance de sumas y saldos es cero
I06 | cada documento tiene exactamente un asiento
I07 | cada plazo se factura una sola vez
I08 | la numeración no tiene huecos ni fechas hacia atrás
I09 | ningún documento emitido ha cambiado
I10 | un abono nunca devuelve más de lo facturado
I11 | ningún pago paga más de lo que se ingresó
I12 | ningún documento cobra más de lo que suma
I13 | cada documento se entrega como mucho una vez
I14 | no se envía nada que no se emitió
I15 | nada queda parado en la bandeja de salida
I17 | cada plazo vencido tiene su resultado
I18 | la importación no pierde filas ni dinero
I19 | la contabilidad dice lo mismo que documentos y pagos
I20 | nada pasa de una compañía a otra
I21 | el registro de auditoría es una cadena sin huecos ni cambios
I22 | los registros emitidos están protegidos
I23 | el redondeo a efectivo sigue su regla
I24 | las partidas suman la prima de la póliza
I25 | las partes de los pagadores suman el total
I26 | cada ejecución definitiva tiene su certificado
I27 | de un mes apartado solo quedan su registro y sus sumas
I28 | no se factura lo que una moratoria impide facturar
I29 | todo lo ocurrido a una factura se comunica una vez a otros sistemas, o espera a comunicarse
I30 | cada solicitud contestada tiene sus documentos, del pagador que los pide y de nadie más
"""


def _table(text: str, column: int) -> Mapping[str, str]:
    rows = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]
    return MappingProxyType({cells[0]: cells[column] for cells in rows})


_TABLES: Final = {
    language: {
        "headline": _table(_HEADLINES, column),
        "label": _table(_LABELS, column),
        "delivery": _table(_DELIVERY_REASONS, column),
        "bound": _table(_BOUNDS, column),
    }
    for column, language in ((1, "en"), (2, "es"))
}
_SPANISH_OUTCOMES: Final = _table(_OUTCOMES_IN_SPANISH, 1)
_SPANISH_CHECKS: Final = _table(_CHECKS_IN_SPANISH, 1)


def headline(language: str, kind: str, **values: object) -> str:
    """Return the one line that says what happened.

    >>> headline("es", "check_failed", check_id="I08", count="2")
    'la comprobación I08 falla, casos: 2'
    """
    return _TABLES[language]["headline"][kind].format(**values)


def label(language: str, key: str, **values: object) -> str:
    """Return a label.

    >>> label("es", "held"), label("en", "more_reasons", count=3)
    ('retenidos', 'and 3 more reasons')
    """
    return _TABLES[language]["label"][key].format(**values)


def delivery_reason(language: str, code: str) -> str:
    """Return why a message was not accepted; a code without words stays as it is.

    >>> delivery_reason("es", "mailbox_full"), delivery_reason("en", "new_code")
    ('el buzón está lleno', 'new_code')
    """
    return _TABLES[language]["delivery"].get(code, code)


def bound_words(language: str, code: str) -> str:
    """Return which safety bound a run exceeds; a code without words stays as it is.

    >>> bound_words("es", "problems")
    'demasiados problemas'
    """
    return _TABLES[language]["bound"].get(code, code)


def outcome_reason(language: str, code: str) -> str:
    """Return why a charge was not invoiced.

    >>> outcome_reason("es", "zero_premium"), outcome_reason("en", "zero_premium")
    ('la prima es cero', 'the premium of the term is zero')
    """
    return (_SPANISH_OUTCOMES if language == "es" else OUTCOME_REASONS).get(code, code)


def check_statement(language: str, check_id: str) -> str:
    """Return what a check says must hold.

    >>> check_statement("es", "I08")
    'la numeración no tiene huecos ni fechas hacia atrás'
    """
    if language == "es":
        return _SPANISH_CHECKS.get(check_id, check_id)
    return CHECKS[check_id].statement if check_id in CHECKS else check_id


def problem_meaning(language: str, code: str) -> str:
    """Return what a problem means, with its code, which is the same in every language.

    >>> problem_meaning("en", "amount_empty"), problem_meaning("es", "amount_empty")
    ('amount_empty: the premium is empty', 'amount_empty')
    """
    return f"{code}: {meaning_of(code)}" if language == "en" and code in PROBLEM_CODES else code


def count_text(language: str, number: int) -> str:
    """Return a count as people write it.

    >>> count_text("en", 12345), count_text("es", 12345)
    ('12,345', '12.345')
    """
    return f"{number:,}" if language == "en" else f"{number:,}".replace(",", ".")


def money_text(language: str, amount_minor: int, currency: str) -> str:
    """Return an amount as people write it, with its currency.

    >>> money_text("en", 123456, "EUR"), money_text("es", 123456, "EUR")
    ('1,234.56 EUR', '1.234,56 EUR')
    """
    written = amount_text(amount_minor, currency)
    return written if language == "en" else written.translate(str.maketrans(",.", ".,"))
