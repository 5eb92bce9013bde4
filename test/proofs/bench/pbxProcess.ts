/** The simulated PBX in a process of its own, so that it shares no event loop with whoever is measured. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { startPbx, type ApiClient, type Pbx } from '../../../sandbox/pbx';
import { serveBigRecording } from './bigRecording';
import { startDelayProxy, type DelayProxy } from './delayProxy';
import {
	CONTESTANTS,
	LISTENERS,
	PLACES,
	clientIdOf,
	type PbxCommands,
	type PbxDescription,
	type Place,
	type RungCall,
	type Sizes,
} from './pbx';

/** ms that a new connection waits on its way to the far places. */
const CONNECTION_DELAY_MS = 20;

/** Nobody gives up while it is measured, and no frame comes twice. */
const PATIENT_PHONES = { ringTimeoutMs: 3_600_000, repeatUpsertEveryMs: 0 };

/** A caller's name that makes a row of the call log about as long (bytes of JSON) as those of a real PBX. */
const ROW_PADDING = ' of Larkfield Office Supplies'.repeat(9);

async function main({ rows, recordingBytes }: Sizes): Promise<void> {
	const clientSecret = randomBytes(24).toString('base64url');
	const pbx = await startPbx({
		tls: true,
		clients: apiClients(clientSecret),
		calls: PATIENT_PHONES,
	});
	const period = fillCallLog(pbx, rows);
	const recordingIds = pbx.store.rows('Recordings').map(({ Id }) => Number(Id));
	const [big = 0, small = 0] = recordingIds;
	const port = Number(new URL(pbx.url).port);
	const [far, far8] = [
		await startDelayProxy(port, CONNECTION_DELAY_MS),
		await startDelayProxy(port, CONNECTION_DELAY_MS),
	];
	const files = await serveBigRecording(pbx.url, big, recordingBytes);
	const behind = (proxy: DelayProxy) => `https://127.0.0.1:${proxy.port}`;

	const description: PbxDescription = {
		urls: { near: pbx.url, far: behind(far), far8: behind(far8), files: files.url },
		clientSecret,
		recordings: { big, small },
		userIds: pbx.store.rows('Users').map(({ Id }) => Number(Id)),
		period,
	};
	const commands = commandsOf(pbx, description, { far, far8 });
	process.on(
		'message',
		({ id, name, argument }: { id: number; name: string; argument: unknown }) => {
			const command = (commands as unknown as Record<string, (given: unknown) => unknown>)[name]!;
			Promise.resolve(command(argument)).then(
				(value) => process.send?.({ id, value }),
				(error: unknown) => process.send?.({ id, error: String(error) }),
			);
		},
	);
	// Whoever measures is gone, however it ended.
	process.on('disconnect', () => process.exit());
	process.send?.({ ready: true });
}

function apiClients(clientSecret: string): ApiClient[] {
	const client = (clientId: string, monitored: ApiClient['monitored']): ApiClient => ({
		clientId,
		clientSecret,
		role: 'system_owners',
		xapiEnabled: true,
		callControlEnabled: true,
		monitored,
	});
	return [
		...CONTESTANTS.flatMap((who) => PLACES.map((place) => client(clientIdOf(who, place), []))),
		...Object.values(LISTENERS).map(({ clientId, dn }) => client(clientId, [dn])),
	];
}

/** The calls of the log lie in the last hour, behind those that the company begins with. */
const LOG_BEGAN_MS_AGO = 50 * 60_000;

/** Puts so many rows into the call log, one a call. @returns the period in which they all lie */
function fillCallLog(pbx: Pbx, rows: number): PbxDescription['period'] {
	const users = pbx.store.rows('Users').map(({ Number: number, FirstName, LastName }) => ({
		number: String(number),
		dn: String(number),
		name: `${String(FirstName)} ${String(LastName)}${ROW_PADDING}`,
	}));
	const to = Date.now();
	const from = to - LOG_BEGAN_MS_AGO;
	for (let index = 0; index < rows; index++) {
		const [caller, callee] = [users[index % users.length]!, users[(index + 1) % users.length]!];
		const startedAt = new Date(from + (index / rows) * LOG_BEGAN_MS_AGO);
		const endedAt = new Date(startedAt.getTime() + 5_000);
		pbx.calls.emit('finished', {
			callid: index,
			startedAt,
			answeredAt: startedAt,
			endedAt,
			direction: 'Internal',
			from: caller,
			to: callee,
			legs: [
				{ dn: callee.dn, name: callee.name, rangAt: startedAt, answeredAt: startedAt, endedAt },
			],
		});
	}
	return { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
}

function commandsOf(
	pbx: Pbx,
	description: PbxDescription,
	proxies: Partial<Record<Place, DelayProxy>>,
): PbxCommands {
	const knownUsers = new Set(description.userIds);
	let marked: (typeof pbx.requests)[number] | undefined;
	/** The oldest requests are dropped as new ones come, so that no place in the list stays the same. */
	const sinceMark = () => pbx.requests.slice(marked ? pbx.requests.lastIndexOf(marked) + 1 : 0);
	return {
		describe: () => description,
		setLatency: (ms) => void (pbx.faults.latencyMs = ms),
		setLoad: (load) => void (pbx.load.options = load),
		workedFor: (client) => {
			const times = sinceMark()
				.filter(({ clientId }) => clientId === client)
				.map(({ at }) => at.getTime());
			return { from: times[0] ?? NaN, to: times.at(-1) ?? NaN };
		},
		mark: () => {
			marked = pbx.requests.at(-1);
			for (const proxy of Object.values(proxies)) proxy.mark();
		},
		requestsOf: (client) =>
			sinceMark()
				.filter(({ clientId, method }) => clientId === client && method === 'GET')
				.map(({ path, query }) => path + query),
		connectionsOf: (place) => proxies[place]?.used ?? 0,
		forgetUsers: () => {
			const made = pbx.store.rows('Users').filter(({ Id }) => !knownUsers.has(Number(Id)));
			for (const user of made) pbx.store.remove('Users', user);
			return made.length;
		},
		ring: async (order) => await ring(pbx, order),
	};
}

/** ms that a phone rings: long enough for everyone to look who is calling. */
const RINGS_MS = 1_500;

/**
 * Lets a phone ring so often and at this pace. At pace 0 all calls come at once and go on ringing.
 *
 * @returns the frames about it, once the phone is silent again
 */
async function ring(
	pbx: Pbx,
	{ dn, count, perSecond }: { dn: string; count: number; perSecond: number },
): Promise<RungCall[]> {
	const rung: RungCall[] = [];
	const note = (event: { type: number; dn: string; entity: string }) => {
		if (event.type !== UPSERT || event.dn !== dn) return;
		rung.push({ entity: event.entity, at: Date.now() });
	};
	const call = (index: number) =>
		pbx.calls.incoming({ from: `+4420794${String(index).padStart(5, '0')}`, to: dn });
	pbx.calls.on('event', note);
	const began = performance.now();
	const hangUps: Array<Promise<void>> = [];
	for (let index = 0; index < count; index++) {
		if (perSecond === 0) {
			call(index);
			continue;
		}
		await sleep(Math.max(0, began + (index * 1000) / perSecond - performance.now()));
		const callid = call(index);
		hangUps.push(sleep(RINGS_MS).then(() => pbx.calls.hangUp({ callid })));
	}
	await Promise.all(hangUps);
	pbx.calls.off('event', note);
	return rung;
}

/** `event_type` of a leg that is new or changed. */
const UPSERT = 0;

void main(JSON.parse(process.argv[2] ?? '{}') as Sizes);
