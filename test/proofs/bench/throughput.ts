import { MAX_IN_FLIGHT } from '../../../lib/http/dispatchers';
import type { InFlight } from '../../../lib/http/inFlight/gate';
import { accessOf, type Bench } from './bench';
import { clientIdOf, type Contestant, type Place } from './pbx';
import { RawClient, type RawRequest } from './raw';
import { median, rotated, rounded } from './statistics';
import { HTTP, OURS, manual, type Access, type NewUser } from './workflows';

/** Rows, creates or reads a second, and how ours compares. */
export interface Comparison {
	ours: number;
	http_request: number;
	raw: number;
	ratio_vs_http_request: number;
	ratio_vs_raw: number;
}

type Job = 'list' | 'create' | 'get';

/** A measurement of one pair, ours and raw, at one place. */
interface Lane {
	place: Place;
	/** What is chosen for ours; raw has as many in flight, or the most that the automatic one may have. */
	inFlight: InFlight;
}

/** Lanes that are measured in the same rounds, with the same HTTP Request node at the place of the first. */
interface Setting {
	/** ms that every answer takes. */
	latencyMs: number;
	lanes: Record<string, Lane>;
}

const LOOPBACK: Setting = {
	latencyMs: 0,
	lanes: { loopback: { place: 'near', inFlight: 'automatic' } },
};
const DELAY: Setting = {
	latencyMs: 20,
	lanes: {
		delay20: { place: 'far', inFlight: 'automatic' },
		delay20_8: { place: 'far8', inFlight: 8 },
	},
};
const SETTINGS = [LOOPBACK, DELAY];

/** One who takes part: does the job once and says how long it took. */
interface Runner {
	who: Contestant;
	lane: string;
	/** @returns ms */
	run(): Promise<number>;
}

/** How the three do a job. */
interface JobSteps {
	/** Rows or items of one run. */
	amount: number;
	ours(access: Access, inFlight: InFlight | undefined): ReturnType<typeof OURS.get>;
	http(access: Access): ReturnType<typeof HTTP.get>;
	items?: Array<Record<string, unknown>>;
	/** What undici sends; left out, the very GETs that our node has sent. */
	raw?: RawRequest[];
	/** Undoes what one run has done. */
	after?(): Promise<unknown>;
	/** Items that the HTTP Request node gives for a run. */
	httpItems: number;
}

function stepsOf({ scale, description, pbx }: Bench, job: Job): JobSteps {
	const { rows, items } = scale;
	const { period, userIds } = description;
	const users = Array.from({ length: items }, (_, index): NewUser => {
		const number = String(20_000 + index);
		return {
			Number: number,
			FirstName: 'Robin',
			LastName: `Page ${number}`,
			EmailAddress: `robin.page.${number}@larkfield.example`,
		};
	});
	const jobs: Record<Job, () => JobSteps> = {
		list: () => ({
			amount: rows,
			ours: (access, inFlight) => OURS.list(access, period, inFlight),
			http: (access) => HTTP.list(access, period),
			// Pages, and the empty one behind the last full one.
			httpItems: Math.floor(rows / 100) + 1,
		}),
		create: () => ({
			amount: items,
			items: users,
			ours: OURS.create,
			http: HTTP.create,
			raw: users.map((body) => ({ method: 'POST', path: '/xapi/v1/Users', body })),
			after: async () => await pbx.tell('forgetUsers'),
			httpItems: items,
		}),
		get: () => ({
			amount: items,
			items: users.map((_, index) => ({ Id: userIds[index % userIds.length] })),
			ours: OURS.get,
			http: HTTP.get,
			httpItems: items,
		}),
	};
	return jobs[job]();
}

/** Comparisons by lane, and how many connections ours used at most with the default. */
export interface Throughput {
	lanes: Record<string, Comparison>;
	connections: number;
}

/**
 * Does one job in n8n with our node and with the HTTP Request node, and outside with undici alone: first once to warm
 * up, then in interleaved rounds, of which the medians count; in each everyone runs twice, and the second time counts.
 */
export async function measureThroughput(bench: Bench, job: Job): Promise<Throughput> {
	await bench.n8n.up();
	const steps = stepsOf(bench, job);
	const lanes: Record<string, Comparison> = {};
	let connections = 0;
	for (const setting of SETTINGS) {
		await bench.pbx.tell('setLatency', setting.latencyMs);
		const clients: RawClient[] = [];
		try {
			const runners = await runnersOf(bench, job, steps, setting, clients);
			await warmUp(bench, runners);
			const { times, used } = await rounds(bench, job, runners, setting);
			connections = Math.max(connections, used);
			const rate = (runner: string) => (steps.amount / median(times.get(runner) ?? [])) * 1000;
			const [first = ''] = Object.keys(setting.lanes);
			for (const lane of Object.keys(setting.lanes)) {
				const [ours, http, raw] = [
					rate(`ours ${lane}`),
					rate(`http ${first}`),
					rate(`raw ${lane}`),
				];
				lanes[lane] = {
					ours: rounded(ours),
					http_request: rounded(http),
					raw: rounded(raw),
					ratio_vs_http_request: rounded(ours / http, 2),
					ratio_vs_raw: rounded(ours / raw, 2),
				};
			}
		} finally {
			await Promise.all(clients.map(async (client) => await client.close()));
			await bench.pbx.tell('setLatency', 0);
		}
	}
	return { lanes, connections };
}

/** Everyone once: code is loaded and compiled, tokens are there, and raw learns what ours sends. */
async function warmUp({ pbx }: Bench, runners: Runner[]): Promise<void> {
	for (const runner of runners) {
		// What comes after ours repeats what was sent since.
		if (runner.who === 'ours') await pbx.tell('mark');
		await runner.run();
	}
}

/** @returns ms by runner, and the most connections that ours used in one run with the default */
async function rounds(
	{ pbx, scale, say }: Bench,
	job: Job,
	runners: Runner[],
	{ lanes }: Setting,
): Promise<{ times: Map<string, number[]>; used: number }> {
	const times = new Map<string, number[]>();
	let used = 0;
	for (let round = 0; round < scale.rounds; round++) {
		for (const { who, lane, run } of rotated(runners, round)) {
			// What a run leaves in n8n's heap is cleared away during the next one: let that be one of its own kind.
			await run();
			await pbx.tell('mark');
			const ms = await run();
			const { place, inFlight } = lanes[lane]!;
			if (who === 'ours' && inFlight === 'automatic') {
				used = Math.max(used, await pbx.tell('connectionsOf', place));
			}
			const runner = `${who} ${lane}`;
			times.set(runner, [...(times.get(runner) ?? []), ms]);
			say(`  ${job} ${runner}: ${Math.round(ms)} ms`);
		}
	}
	return { times, used };
}

/** Everyone who takes part; the HTTP Request node is the first, ours come before those that repeat their requests. */
async function runnersOf(
	bench: Bench,
	job: Job,
	steps: JobSteps,
	{ lanes }: Setting,
	clients: RawClient[],
): Promise<Runner[]> {
	const { api } = bench.n8n;
	const runners: Runner[] = [];
	const inN8n = async (
		who: 'ours' | 'http',
		lane: string,
		access: Access,
		inFlight: InFlight | undefined,
	) => {
		const node = who === 'ours' ? steps.ours(access, inFlight) : steps.http(access);
		const id = await bench.n8n.save(
			manual(`${job} ${who} ${lane}`, [node], { items: steps.items }),
		);
		const expected = who === 'ours' ? steps.amount : steps.httpItems;
		runners.push({
			who,
			lane,
			run: async () => {
				const { ms, items } = await api.measure(id);
				await steps.after?.();
				if (items === expected) return ms;
				throw new Error(`${job} ${who} ${lane}: ${items} items came out instead of ${expected}`);
			},
		});
	};

	for (const [index, [lane, { place, inFlight }]] of Object.entries(lanes).entries()) {
		if (index === 0) {
			const access = await accessOf(bench, 'http', place);
			const prime = await bench.n8n.save(manual(`prime ${place}`, [HTTP.prime(access)]));
			await api.measure(prime);
			await inN8n('http', lane, access, undefined);
		}
		const access = await accessOf(bench, 'ours', place);
		await inN8n('ours', lane, access, inFlight === 'automatic' ? undefined : inFlight);
		runners.push(await rawRunner(bench, steps, lane, { place, inFlight }, clients));
	}
	return runners;
}

/** Sends the very requests that our node sent at its last run, or those of the job. */
async function rawRunner(
	{ pbx, description }: Bench,
	steps: JobSteps,
	lane: string,
	{ place, inFlight }: Lane,
	clients: RawClient[],
): Promise<Runner> {
	const client = new RawClient(
		description.urls[place],
		inFlight === 'automatic' ? MAX_IN_FLIGHT : inFlight,
	);
	clients.push(client);
	await client.logIn(clientIdOf('raw', place), description.clientSecret);
	let requests = steps.raw;
	return {
		who: 'raw',
		lane,
		run: async () => {
			requests ??= (await pbx.tell('requestsOf', clientIdOf('ours', place))).map((path) => ({
				method: 'GET',
				path,
			}));
			const ms = await client.all(requests);
			await steps.after?.();
			return ms;
		},
	};
}
