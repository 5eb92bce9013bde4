import { Gate, type InFlight, type Visit } from '../../../lib/http/inFlight/gate';

/** A simulated PBX in simulated time: so many workers serve the requests in their order, each for its time. */
export interface SimulatedPbx {
	/** Requests that are served at the same time; may change while time goes on. */
	workers: number;
	/** ms that a request takes a worker. */
	serviceMs(kind: string): number;
	/** ms of the way there and back. */
	wayMs?: number;
	/** What it answers; default 200. */
	status?(inFlight: number): number;
}

/** ms that it takes to refuse. */
const REFUSAL_MS = 2;

interface Event {
	at: number;
	happen(): void;
}

/** Time, a PBX and the real gate in front of it. */
export class Simulation {
	now = 0;

	readonly gate = new Gate(() => this.now);

	/** Requests that the PBX has, and the most that it had at a time since `mark`. */
	inPbx = 0;

	most = 0;

	private readonly events: Event[] = [];

	private readonly queue: Array<() => void> = [];

	private busy = 0;

	constructor(readonly pbx: SimulatedPbx) {}

	/** Sends a request through the gate. @returns when it is answered, with the ms since it was sent */
	async send(kind = 'GET /Users()', inFlight: InFlight | 'calls' = 'automatic'): Promise<number> {
		return await new Promise((resolve, reject) => {
			this.gate.enter({
				kind,
				inFlight,
				refuse: reject,
				start: (visit) => this.serve(kind, visit, resolve),
			});
		});
	}

	private serve(kind: string, visit: Visit, resolve: (ms: number) => void): void {
		const sentAt = this.now;
		visit.sent();
		this.inPbx += 1;
		this.most = Math.max(this.most, this.inPbx);
		const answer = (status: number) => {
			visit.answered(status);
			this.inPbx -= 1;
			visit.over();
			resolve(this.now - sentAt);
		};
		const { wayMs = 0, status } = this.pbx;
		const refusal = status?.(this.inPbx) ?? 200;
		if (refusal !== 200) return this.after(REFUSAL_MS + wayMs, () => answer(refusal));
		this.queue.push(() => {
			this.busy += 1;
			this.after(this.pbx.serviceMs(kind), () => {
				this.busy -= 1;
				this.after(wayMs, () => answer(200));
				this.work();
			});
		});
		this.work();
	}

	private work(): void {
		while (this.busy < this.pbx.workers && this.queue.length > 0) this.queue.shift()!();
	}

	after(ms: number, happen: () => void): void {
		const at = this.now + ms;
		const behind = this.events.findIndex((event) => event.at > at);
		this.events.splice(behind < 0 ? this.events.length : behind, 0, { at, happen });
	}

	/** Lets time go on; between two moments everything that waits for a promise gets its turn. */
	async run(untilMs: number): Promise<void> {
		for (;;) {
			for (let turn = 0; turn < 8; turn++) await Promise.resolve();
			const [event] = this.events;
			if (!event || event.at > untilMs) break;
			this.events.shift();
			this.now = event.at;
			event.happen();
		}
		this.now = untilMs;
	}

	/** A job without end: so many at a time wait at the gate. @returns its answers so far */
	job(kind?: string, inFlight?: InFlight, width = 24): { answers: number; stop(): void } {
		const job = { answers: 0, isOver: false, stop: () => (job.isOver = true) };
		const worker = async () => {
			while (!job.isOver) {
				await this.send(kind, inFlight);
				job.answers += 1;
			}
		};
		for (let index = 0; index < width; index++) void worker();
		return job;
	}
}
