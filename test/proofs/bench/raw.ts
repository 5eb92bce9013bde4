import { Agent, request } from 'undici';

/** A request without its host. */
export interface RawRequest {
	method: 'GET' | 'POST';
	path: string;
	body?: unknown;
}

/** What undici alone can do: the limit of what any node could. */
export class RawClient {
	private readonly agent: Agent;

	private token = '';

	/**
	 * @param origin of the PBX
	 * @param inFlight requests under way at the same time, each on a connection of its own
	 */
	constructor(
		private readonly origin: string,
		private readonly inFlight: number,
	) {
		this.agent = new Agent({
			connections: inFlight,
			keepAliveTimeout: 30_000,
			connect: { rejectUnauthorized: false },
		});
	}

	/** Fetches a token. @returns it, for others that need one */
	async logIn(clientId: string, clientSecret: string): Promise<string> {
		const { body } = await request(`${this.origin}/connect/token`, {
			method: 'POST',
			dispatcher: this.agent,
			headers: { 'content-type': 'application/x-www-form-urlencoded' },
			body: new URLSearchParams({
				grant_type: 'client_credentials',
				client_id: clientId,
				client_secret: clientSecret,
			}).toString(),
		});
		this.token = ((await body.json()) as { access_token: string }).access_token;
		return this.token;
	}

	/**
	 * Sends all requests and parses the answers.
	 *
	 * @returns ms until the last answer was parsed
	 * @throws Error when one is not answered with a status below 300
	 */
	async all(requests: readonly RawRequest[]): Promise<number> {
		const answers: unknown[] = [];
		let next = 0;
		const worker = async () => {
			for (;;) {
				const index = next++;
				const job = requests[index];
				if (!job) return;
				answers[index] = await this.send(job);
			}
		};
		const began = performance.now();
		await Promise.all(Array.from({ length: this.inFlight }, worker));
		return performance.now() - began;
	}

	async close(): Promise<void> {
		await this.agent.destroy();
	}

	private async send({ method, path, body }: RawRequest): Promise<unknown> {
		const answer = await request(this.origin + path, {
			method,
			dispatcher: this.agent,
			headers: {
				authorization: `Bearer ${this.token}`,
				...(body === undefined ? {} : { 'content-type': 'application/json' }),
			},
			body: body === undefined ? null : JSON.stringify(body),
		});
		if (answer.statusCode >= 300) throw new Error(`${method} ${path} gave ${answer.statusCode}`);
		return await answer.body.json();
	}
}
