import { startPbx, type ApiClient, type Pbx, type PbxOptions } from '../../../sandbox/pbx';

/** A JSON object of an answer. */
export type Json = Record<string, unknown> & {
	value?: Json[];
	error?: { message: string; details?: Json[] };
};

export interface Reply {
	status: number;
	headers: Headers;
	text: string;
	/** The parsed body; an empty object when there is none. */
	body: Json;
}

/** Something that speaks HTTP to a sandbox as a client of a real PBX would. */
export interface Session {
	pbx: Pbx;
	token: string;
	send(method: string, path: string, body?: unknown): Promise<Reply>;
	get(path: string): Promise<Reply>;
	/** Rows of a collection; fails the test when the answer is none. */
	rows(path: string): Promise<Json[]>;
	/** Makes a row and returns it; fails the test when that does not work. */
	create(set: string, body: object): Promise<Json>;
}

export async function read(response: Response): Promise<Reply> {
	const text = await response.text();
	const isJson = response.headers.get('content-type')?.includes('json') && text !== '';
	return {
		status: response.status,
		headers: response.headers,
		text,
		body: isJson ? (JSON.parse(text) as Json) : {},
	};
}

/** Asks for a token. */
export async function login(
	pbx: Pbx,
	{ clientId, clientSecret } = pbx.defaultClient,
): Promise<Reply> {
	const body = new URLSearchParams({
		client_id: clientId,
		client_secret: clientSecret,
		grant_type: 'client_credentials',
	});
	return read(await fetch(`${pbx.url}/connect/token`, { method: 'POST', body }));
}

/** Logs in and speaks to XAPI with the token. */
export async function session(pbx: Pbx, client?: ApiClient): Promise<Session> {
	const token = String((await login(pbx, client)).body.access_token);
	const send: Session['send'] = async (method, path, body) =>
		read(
			await fetch(`${pbx.url}/xapi/v1/${path}`, {
				method,
				headers: {
					Authorization: `Bearer ${token}`,
					...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
				},
				body: body === undefined || typeof body === 'string' ? body : JSON.stringify(body),
			}),
		);
	const get: Session['get'] = (path) => send('GET', path);
	return {
		pbx,
		token,
		send,
		get,
		async rows(path) {
			const { status, body, text } = await get(path);
			if (status !== 200 || !body.value) throw new Error(`GET ${path}: ${status} ${text}`);
			return body.value;
		},
		async create(set, body) {
			const reply = await send('POST', set, body);
			if (reply.status !== 201) throw new Error(`POST ${set}: ${reply.status} ${reply.text}`);
			return reply.body;
		},
	};
}

/** Starts a sandbox before the tests of a file and closes it after them. */
export function withPbx(options: PbxOptions = {}): { readonly pbx: Pbx; readonly at: Session } {
	let at: Session | undefined;
	beforeAll(async () => {
		at = await session(await startPbx(options));
	});
	afterAll(() => at?.pbx.close());
	const started = () => {
		if (!at) throw new Error('The sandbox is not started yet.');
		return at;
	};
	return {
		get pbx() {
			return started().pbx;
		},
		get at() {
			return started();
		},
	};
}

/** A client with everything, except as given. */
export const client = (given: Partial<ApiClient>): ApiClient => ({
	clientId: 'second',
	clientSecret: 'a secret of the tests',
	role: 'system_owners',
	xapiEnabled: true,
	callControlEnabled: true,
	monitored: 'all',
	...given,
});
