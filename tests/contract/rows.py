"""All the tables, in the order of the document."""

from tests.contract import calls, job_calls, nodes, pages, rules, settings, sockets, targets
from tests.contract.row import Row

TABLES: dict[str, tuple[Row, ...]] = {
    "REST: accounts": calls.ACCOUNT_CALLS,
    "REST: workflows": calls.WORKFLOW_CALLS,
    "REST: jobs and the queue": job_calls.JOB_CALLS,
    "REST: products": job_calls.ASSET_CALLS,
    "Outside the API": calls.OUTSIDE,
    "What holds for every call": rules.REST_RULES,
    "Graphs and runs": rules.GRAPH_RULES,
    "Sockets": sockets.SOCKETS,
    "Frames": sockets.FRAMES,
    "What an update has": sockets.UPDATES,
    "Commands of a socket": sockets.COMMAND_ROWS,
    "Close codes": sockets.CLOSE_CODES,
    "Settings": settings.SETTINGS,
    "make": targets.MAKE,
    "./loupe": settings.MANAGEMENT,
    "Node types": nodes.NODES,
    "Pages": pages.ADDRESSES,
    "What pages ask for": pages.PARTS,
    "Marks on pages": pages.MARKS,
}
