import type { Rules } from '../context';

/** Live calls. That an Id here is the callid of Call Control is assumed, not proven (protocol 8.10). */
export const activeCalls: Rules = {
	rows: ({ calls, now }) =>
		calls.calls().map(({ id, caller, callee, status, establishedAt, lastChangeStatus }) => ({
			Id: id,
			Caller: caller,
			Callee: callee,
			Status: status,
			EstablishedAt: establishedAt?.toISOString(),
			LastChangeStatus: lastChangeStatus.toISOString(),
			ServerNow: now().toISOString(),
		})),
	operations: {
		'Pbx.DropCall': ({ context, entity }) => context.calls.drop(Number(entity?.Id)),
	},
};

/** One row that tells whether something new is worth reading (protocol 4.6). */
export const lastCdr: Rules = {
	rows: ({ callLog, now }) => [
		{ LastCdrStartedAt: (callLog.lastStartedAt ?? now()).toISOString() },
	],
};
