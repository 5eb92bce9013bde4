import { setTimeout as sleep } from 'node:timers/promises';
import type { Pbx } from '../../../sandbox/pbx';
import type { FaultProxy } from './proxy';

/** Everything that goes wrong, by name, and how often it has so far. */
export type FaultCounts = Record<
	| 'sockets_dropped'
	| 'sockets_frozen'
	| 'tokens_killed'
	| 'pbx_restarts'
	| 'pbx_outages'
	| 'requests_failed'
	| 'requests_delayed'
	| 'frames_delayed'
	| 'frames_doubled',
	number
>;

/** What {@link causeTrouble} acts on. */
export interface Scene {
	pbx: Pbx;
	proxy: FaultProxy;
	/** Chances of what goes wrong next. */
	random: () => number;
	/** Chances of each request and message. */
	traffic: () => number;
	counts: FaultCounts;
	/** Told that a link is broken as of now; before the client can notice. */
	onBreak(): void;
	/** Told when the last thing that went wrong is over. */
	onOver(): void;
	signal: AbortSignal;
}

/** Longest that an answer or a message is held back, in ms. */
export const LONGEST_DELAY_MS = 400;

/** Chances of small troubles at all times. */
const USUAL = { failed: 0.002, delayed: 0.04, frameDelayed: 0.02, frameDoubled: 0.04 };

/** The same while a storm blows. */
const STORM = { failed: 0.4, delayed: 0.4, frameDelayed: 0.2, frameDoubled: 0.2 };

export const noFaults = (): FaultCounts => ({
	sockets_dropped: 0,
	sockets_frozen: 0,
	tokens_killed: 0,
	pbx_restarts: 0,
	pbx_outages: 0,
	requests_failed: 0,
	requests_delayed: 0,
	frames_delayed: 0,
	frames_doubled: 0,
});

/**
 * Makes things go wrong, one after another with some seconds in between, until the signal ends it; then all is sound.
 */
export async function causeTrouble(scene: Scene): Promise<void> {
	const { pbx, proxy, random, traffic, counts, signal } = scene;
	let chances = USUAL;
	const happens = (chance: number, count: keyof FaultCounts) => {
		if (traffic() >= chance) return false;
		counts[count] += 1;
		return true;
	};
	const delayMs = () => 20 + traffic() * (LONGEST_DELAY_MS - 20);
	proxy.fateOfRequest = () => {
		if (happens(chances.failed, 'requests_failed')) return { status: traffic() < 0.5 ? 500 : 503 };
		return happens(chances.delayed, 'requests_delayed') ? { delayMs: delayMs() } : {};
	};
	proxy.fateOfFrame = () => ({
		delayMs: happens(chances.frameDelayed, 'frames_delayed') ? delayMs() : 0,
		twice: happens(chances.frameDoubled, 'frames_doubled'),
	});
	const pause = async (ms: number) => await sleep(ms, undefined, { signal }).catch(() => undefined);

	const troubles: Array<() => Promise<void> | void> = [
		() => {
			counts.sockets_dropped += 1;
			scene.onBreak();
			proxy.dropSockets();
		},
		() => {
			counts.sockets_frozen += 1;
			scene.onBreak();
			proxy.freezeSockets();
		},
		async () => {
			counts.tokens_killed += 1;
			scene.onBreak();
			await killToken(pbx);
		},
		async () => {
			counts.pbx_restarts += 1;
			scene.onBreak();
			await pbx.restart();
		},
		async () => {
			counts.pbx_outages += 1;
			scene.onBreak();
			await pbx.down();
			await pause(500 + random() * 2_500);
			await pbx.up();
		},
		async () => {
			chances = STORM;
			await pause(1_000 + random() * 2_000);
			chances = USUAL;
		},
	];
	for (let round = 0; !signal.aborted; round += 1) {
		await pause(2_000 + random() * 4_000);
		if (signal.aborted) break;
		// Each of them comes up as often as the others, in an order of its own.
		const left = troubles.length - (round % troubles.length);
		const index = Math.floor(random() * left);
		const [trouble] = troubles.splice(index, 1);
		troubles.push(trouble!);
		await trouble!();
		scene.onOver();
	}
	proxy.fateOfRequest = () => ({});
	proxy.fateOfFrame = () => ({});
	await pbx.up();
	scene.onOver();
}

/** Another program with the same client ID mints a token: 3CX ends ours and what hangs on it (protocol 1.4). */
async function killToken({ url, defaultClient: { clientId, clientSecret } }: Pbx): Promise<void> {
	const answer = await fetch(`${url}/connect/token`, {
		method: 'POST',
		body: new URLSearchParams({
			client_id: clientId,
			client_secret: clientSecret,
			grant_type: 'client_credentials',
		}),
	});
	await answer.text();
}
