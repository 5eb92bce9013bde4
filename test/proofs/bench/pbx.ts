import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { LoadOptions } from '../../../sandbox/pbx';

/** Who is compared: our node, n8n's HTTP Request node, and undici without n8n around it. */
export const CONTESTANTS = ['ours', 'http', 'raw'] as const;
export type Contestant = (typeof CONTESTANTS)[number];

/**
 * Ways to the PBX, each with an origin, connections and API clients of its own: directly; over a proxy that delays each
 * new connection (twice, for different numbers of requests in flight); and over the server with the big recording.
 */
export const PLACES = ['near', 'far', 'far8', 'files'] as const;
export type Place = (typeof PLACES)[number];

/** 3CX keeps one valid token per client ID, so everyone has a client of their own. */
export const clientIdOf = (who: Contestant, place: Place): string => `bench-${who}-${place}`;

/** API clients that listen, each to one extension that nobody else hears. */
export const LISTENERS = {
	ours: { clientId: 'bench-trigger', dn: '101' },
	bare: { clientId: 'bench-bare', dn: '102' },
	burst: { clientId: 'bench-burst', dn: '103' },
	plain: { clientId: 'bench-plain', dn: '104' },
	limit: { clientId: 'bench-limit', dn: '105' },
} as const;

/** How much there is to read. */
export interface Sizes {
	/** Rows of the call log within {@link PbxDescription.period}. */
	rows: number;
	/** Of the big recording. */
	recordingBytes: number;
}

/** What there is in the simulated PBX. */
export interface PbxDescription {
	urls: Record<Place, string>;
	/** Of all API clients. */
	clientSecret: string;
	/** Ids of a recording of {@link Sizes.recordingBytes} (at `files` only) and of one of a second. */
	recordings: { big: number; small: number };
	/** Ids of the users that are there from the start. */
	userIds: number[];
	/** ISO 8601; the rows of the call log lie in it. */
	period: { from: string; to: string };
}

/** A phone has begun to ring. */
export interface RungCall {
	/** Path of the leg, as in the frame that was sent. */
	entity: string;
	/** When the frame was sent, in ms since 1970. */
	at: number;
}

/** What the process of the PBX can be told to do. */
export interface PbxCommands {
	describe(): PbxDescription;
	/** ms that every answer takes from now on. */
	setLatency(ms: number): void;
	/** Makes the PBX slower as requests queue, or no more so. */
	setLoad(load: LoadOptions | undefined): void;
	/** When the first and the last request of an API client came since {@link PbxCommands.mark}, in ms since 1970. */
	workedFor(clientId: string): { from: number; to: number };
	/** From here on requests and connections are counted. */
	mark(): void;
	/** Path and query of every GET of an API client since {@link PbxCommands.mark}. */
	requestsOf(clientId: string): string[];
	/** Connections on which something was sent since {@link PbxCommands.mark}; of the far places. */
	connectionsOf(place: Place): number;
	/** Removes the users that were created. @returns how many there were */
	forgetUsers(): number;
	/** Calls an extension `count` times, `perSecond` times a second; 0 = all at once. */
	ring(order: { dn: string; count: number; perSecond: number }): Promise<RungCall[]> | RungCall[];
}

type Answer = { id: number; value?: unknown; error?: string };

/** The simulated PBX, in a process of its own, over https. */
export class PbxProcess {
	private readonly waiting = new Map<number, (answer: Answer) => void>();

	private lastId = 0;

	private constructor(private readonly child: ChildProcess) {
		child.on('message', (answer: Answer) => {
			this.waiting.get(answer.id)?.(answer);
			this.waiting.delete(answer.id);
		});
		child.on('exit', () => {
			for (const [id, answered] of this.waiting) answered({ id, error: 'its process has ended' });
			this.waiting.clear();
		});
	}

	/** @throws Error when it cannot start; why is on stderr */
	static async start(sizes: Sizes): Promise<PbxProcess> {
		const child = fork(join(__dirname, 'pbxProcess.ts'), [JSON.stringify(sizes)], {
			// Ctrl+C reaches the whole process group; the one who measures ends the PBX, after n8n.
			detached: true,
			stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
		});
		const outcome = await Promise.race([
			once(child, 'message').then(() => 'ready'),
			once(child, 'exit').then(() => 'ended'),
		]);
		if (outcome === 'ended') throw new Error('The simulated PBX did not start');
		return new PbxProcess(child);
	}

	/** Has the PBX do something. */
	async tell<Name extends keyof PbxCommands>(
		name: Name,
		...[argument]: Parameters<PbxCommands[Name]>
	): Promise<Awaited<ReturnType<PbxCommands[Name]>>> {
		const id = ++this.lastId;
		const answer = await new Promise<Answer>((resolve) => {
			this.waiting.set(id, resolve);
			this.child.send({ id, name, argument });
		});
		if (answer.error !== undefined) throw new Error(`The simulated PBX failed: ${answer.error}`);
		return answer.value as Awaited<ReturnType<PbxCommands[Name]>>;
	}

	async stop(): Promise<void> {
		if (this.child.exitCode !== null || this.child.signalCode !== null) return;
		const ended = once(this.child, 'exit');
		this.child.disconnect();
		await ended;
	}
}
