import { createCallControl } from '../callcontrol/rest/client';
import { STATUS, type DnState } from '../callcontrol/rest/types';
import type { PbxClient } from '../http/client';
import { queryString } from '../odata/query';
import { listEntities, type Entity } from '../xapi/entities';
import { nestedRows } from '../xapi/nested';
import { readUsersNumbered } from '../xapi/usersNumbered';
import { readActiveCalls, type ActiveCall } from './activeCalls';
import { Parts } from './part';
import { MAX_ROWS } from './reads';

/** What an agent does: nothing that keeps him from the next caller, or why he does not get it. */
export type AgentState = 'free' | 'ringing' | 'talking' | 'loggedOut' | 'offline';

/** An agent of a queue. */
export interface AgentStatus {
	extension: string;
	name: string;
	state: AgentState;
	/** Name of the status profile, such as `Available`; null where it may not be read. */
	status: string | null;
}

/** A caller who waits in a queue. */
export interface WaitingCaller {
	callId: number;
	/** Null where the caller hides it. */
	number: string | null;
	name: string | null;
	/** ISO 8601; null where the PBX does not tell. */
	startedAt: string | null;
	waitingSeconds: number | null;
}

/** A queue at this moment. Null: not allowed to this role, see `notes`. */
export interface QueueStatus {
	queue: string;
	name: string;
	/** Callers who wait. */
	waiting: number | null;
	/** Seconds that the caller has waited who waits longest; 0 when nobody waits. */
	longestWait: number | null;
	free: number | null;
	ringing: number | null;
	talking: number | null;
	loggedOut: number | null;
	/** Logged in, but without a registered phone. */
	offline: number | null;
	/** The one who waits longest first. */
	callers: WaitingCaller[] | null;
	agents: AgentStatus[] | null;
	notes: Record<string, string>;
}

/** What was read of a PBX to tell the status of its queues. */
export interface QueueParts {
	/** Rows of `Queues`, with their agents. */
	queues: readonly Entity[];
	/** Rows of `Users` by number, at least those of the agents. */
	users: ReadonlyMap<string, Entity> | null;
	active: readonly ActiveCall[] | null;
	/** All DNs of Call Control that the API client may see. */
	dns: readonly DnState[] | null;
	notes: Record<string, string>;
}

/** What tells whether an agent can take a call. It is kept with the user, not with the queue (protocol 4.6). */
const AGENT_STATE = ['Number', 'QueueStatus', 'IsRegistered', 'CurrentProfileName'];

const QUEUES = queryString({
	select: ['Id', 'Number', 'Name', 'Agents'],
	expand: [{ property: 'Agents', select: ['Number', 'Name'] }],
	orderBy: [{ field: 'Number' }],
});

/**
 * Reads the live status of queues, all of them in the same four requests: 3CX has no list of waiting callers, so they are
 * put together from the queues, their agents' users, the active calls and Call Control (protocol 4.6).
 *
 * @param client the PBX
 * @param wanted numbers of queues; empty for all
 * @returns one object for each queue, in the order of their numbers
 * @throws ThreeCxError when the queues themselves cannot be read
 */
export async function readQueueStatus(
	client: PbxClient,
	wanted: readonly string[] = [],
	signal?: AbortSignal,
): Promise<QueueStatus[]> {
	const parts = new Parts();
	const rows = await listEntities(client, '/Queues', { query: QUEUES, limit: MAX_ROWS, signal });
	const queues = rows.filter(
		({ Number: number }) => wanted.length === 0 || wanted.includes(String(number)),
	);
	const [users, active, dns] = await Promise.all([
		parts.read('agents', async () => {
			// Agents that were not read are not no agents: nobody would seem to be there.
			for (const queue of queues) nestedRows(queue, { property: 'Agents' });
			const numbers = [...new Set(queues.flatMap(agentsOf).map(({ number }) => number))];
			return await readUsersNumbered(client, numbers, AGENT_STATE, { signal });
		}),
		parts.read('activeCalls', async () => await readActiveCalls(client, signal)),
		parts.read('callControl', async () => await createCallControl(client).list(signal)),
	]);
	return queueStatusOf({ queues, users, active, dns, notes: parts.notes });
}

const agentsOf = ({ Agents }: Entity): Array<{ number: string; name: string }> =>
	(Array.isArray(Agents) ? (Agents as Entity[]) : []).map(({ Number: number, Name }) => ({
		number: String(number),
		name: typeof Name === 'string' ? Name : '',
	}));

/**
 * Puts the status of queues together.
 *
 * @param parts what was read
 * @returns one object for each queue, in their order
 */
export function queueStatusOf(parts: QueueParts): QueueStatus[] {
	const { queues, users, active, notes } = parts;
	return queues.map((queue) => {
		const number = String(queue.Number);
		const callers = callersOf(number, parts);
		const agents =
			users && agentsOf(queue).map((agent) => agentStatus(agent, users.get(agent.number), parts));
		const count = (state: AgentState) =>
			agents && agents.filter((agent) => agent.state === state).length;
		return {
			queue: number,
			name: String(queue.Name ?? ''),
			waiting: callers && callers.length,
			longestWait: longestOf(callers, active !== null),
			free: count('free'),
			ringing: count('ringing'),
			talking: count('talking'),
			loggedOut: count('loggedOut'),
			offline: count('offline'),
			callers,
			agents,
			notes,
		};
	});
}

function longestOf(callers: WaitingCaller[] | null, isTimed: boolean): number | null {
	if (callers === null) return null;
	if (callers.length === 0) return 0;
	const waits = callers.flatMap(({ waitingSeconds }) => waitingSeconds ?? []);
	return isTimed && waits.length > 0 ? Math.max(...waits) : null;
}

/**
 * Who waits in a queue. Call Control knows, where the client may see the queue: whoever has a leg there. Otherwise it is the
 * callers of those calls whose callee is the queue; times come from there in any case.
 */
function callersOf(queue: string, { active, dns }: QueueParts): WaitingCaller[] | null {
	const rows = active?.filter(({ callee }) => callee.number === queue);
	const legs = dns?.find(({ dn }) => dn === queue)?.participants;
	if (!legs && !rows) return null;
	const byId = new Map(active?.map((call) => [call.id, call]));
	const callers = legs
		? legs.map((leg) => {
				const number = leg.party_caller_id || leg.party_dn;
				// Should ids of the two APIs differ (protocol 8.10), the number tells which call it is.
				const call =
					byId.get(leg.callid) ?? rows?.find(({ caller }) => caller.number === leg.party_caller_id);
				return waiting({ callId: leg.callid, number, name: leg.party_caller_name }, call);
			})
		: rows!.map((call) => waiting({ callId: call.id, ...call.caller }, call));
	return callers.sort((a, b) => (b.waitingSeconds ?? -1) - (a.waitingSeconds ?? -1));
}

const waiting = (
	{ callId, number, name }: { callId: number; number: string; name: string },
	{ since, now }: Pick<ActiveCall, 'since' | 'now'> = {},
): WaitingCaller => ({
	callId,
	number: number || null,
	name: name || null,
	startedAt: since === undefined ? null : new Date(since).toISOString(),
	waitingSeconds:
		since === undefined || now === undefined ? null : Math.max(0, Math.round((now - since) / 1000)),
});

function agentStatus(
	{ number, name }: { number: string; name: string },
	user: Entity | undefined,
	parts: QueueParts,
): AgentStatus {
	const status = user?.CurrentProfileName;
	return {
		extension: number,
		name,
		state: agentState(number, user, parts),
		status: typeof status === 'string' ? status : null,
	};
}

function agentState(
	number: string,
	user: Entity | undefined,
	{ active, dns }: QueueParts,
): AgentState {
	if (user?.QueueStatus !== 'LoggedIn') return 'loggedOut';
	const legs = dns?.find(({ dn }) => dn === number)?.participants;
	const onPhone = legs ? phoneOf(legs.map(({ status }) => status)) : phoneIn(number, active ?? []);
	return onPhone ?? (user.IsRegistered === false ? 'offline' : 'free');
}

/** Whoever dials is as little free as whoever talks. */
function phoneOf(statuses: readonly string[]): 'talking' | 'ringing' | undefined {
	if (statuses.some((status) => status !== STATUS.ringing)) return 'talking';
	return statuses.length > 0 ? 'ringing' : undefined;
}

/** The same from the active calls alone, where the phone of an agent only rings if he is the callee. */
function phoneIn(number: string, active: readonly ActiveCall[]): 'talking' | 'ringing' | undefined {
	const own = active.filter(({ caller, callee }) =>
		[caller.number, callee.number].includes(number),
	);
	if (own.some(({ status, caller }) => status === 'Talking' || caller.number === number))
		return 'talking';
	return own.length > 0 ? 'ringing' : undefined;
}
