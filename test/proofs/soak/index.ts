import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { linkCount } from '../../../lib/callcontrol/link/sharing';
import { closeDispatchers } from '../../../lib/http/dispatchers';
import type { FaultCounts } from '../chaos/troubles';
import { loadNodes, startClients, type Counts } from './clients';
import { takeSample, trends, type Sample, type Trend } from './samples';
import type { SceneAddress } from './scene';

export interface SoakOptions {
	/** How long, in minutes. */
	minutes: number;
	seed: number;
	/** Told of each sample. */
	onSample?(sample: Sample): void;
}

/** The line that `npm run soak` ends with. */
export interface SoakResult extends Counts {
	minutes: number;
	seed: number;
	samples: number;
	/** Whether every measure was; see {@link trends}. */
	flat: boolean;
	measures: Record<keyof Sample, Trend>;
	/** What was still there when all had been stopped. */
	left: Pick<Sample, 'timers' | 'sockets' | 'listeners' | 'links' | 'queue'>;
	faults: FaultCounts;
}

/** Between two samples, in ms; in a short run less, so that there are enough of them. */
const SAMPLE_MS = 5_000;
const MOST_PER_RUN = 40;

/** Sockets that were closed may take a moment to be gone, in ms. */
const LEAVE_MS = 5_000;

/**
 * Runs a published trigger, a poller and action nodes, in n8n's own engine but without its server, against a simulated
 * PBX on which one thing after another goes wrong, and watches what this process holds.
 */
export async function runSoak({ minutes, seed, onSample }: SoakOptions): Promise<SoakResult> {
	await loadNodes();
	const before = takeSample({ links: linkCount(), queue: 0 });
	const scene = fork(join(__dirname, 'scene.ts'), [String(seed)]);
	try {
		const address = await told<SceneAddress>(scene);
		const clients = await startClients(address);
		const samples: Sample[] = [];
		const end = performance.now() + minutes * 60_000;
		const pause = Math.min(SAMPLE_MS, (minutes * 60_000) / MOST_PER_RUN);
		while (performance.now() < end) {
			await sleep(pause);
			const sample = takeSample({ links: linkCount(), queue: clients.waiting() });
			samples.push(sample);
			onSample?.(sample);
		}
		await clients.stop();
		await closeDispatchers();
		scene.send('end');
		const { faults } = await told<{ faults: FaultCounts }>(scene);
		const gone = once(scene, 'exit');
		scene.disconnect();
		await gone;
		// Libraries that are loaded when they are first used (n8n's) may listen to the end of the process, once.
		const begun = { ...before, listeners: samples[0]?.listeners ?? before.listeners };
		const left = await whatIsLeft(begun, clients.waiting);
		const measures = trends(samples);
		const flat = Object.values(measures).every((measure) => measure.flat);
		return {
			minutes,
			seed,
			samples: samples.length,
			flat,
			...clients.counts,
			measures,
			left,
			faults,
		};
	} finally {
		if (scene.exitCode === null) scene.kill();
	}
}

/** What the scene says next. */
async function told<Message>(scene: ChildProcess): Promise<Message> {
	const gone = new AbortController();
	const [message] = (await Promise.race([
		once(scene, 'message', { signal: gone.signal }),
		once(scene, 'exit', { signal: gone.signal }).then(() => {
			throw new Error('The simulated PBX has ended');
		}),
	]).finally(() => gone.abort())) as [Message];
	return message;
}

/** What there is more than before anything was started; given a moment to go. */
async function whatIsLeft(before: Sample, waiting: () => number): Promise<SoakResult['left']> {
	const deadline = performance.now() + LEAVE_MS;
	for (;;) {
		const now = takeSample({ links: linkCount(), queue: waiting() });
		const more = (name: keyof Sample) => Math.max(0, now[name] - before[name]);
		const left = {
			timers: more('timers'),
			sockets: more('sockets'),
			listeners: more('listeners'),
			links: more('links'),
			queue: now.queue,
		};
		const isNothing = Object.values(left).every((count) => count === 0);
		if (isNothing || performance.now() > deadline) return left;
		await sleep(100);
	}
}
