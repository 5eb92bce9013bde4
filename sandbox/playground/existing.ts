import { N8nApi, type Owner } from './api';
import { readManifest } from './package';

/** An n8n that runs already and belongs to somebody. */
export interface ExistingN8n {
	/** Such as `http://127.0.0.1:5678`, without a trailing slash. */
	url: string;
	owner: Owner;
}

/**
 * The n8n that the environment names with N8N_URL, N8N_EMAIL and N8N_PASSWORD, if it does. An API key is not enough: n8n's
 * public interface can neither test a credential nor execute a workflow.
 *
 * @throws when only some of the three are set
 */
export function existingN8n(environment: NodeJS.ProcessEnv = process.env): ExistingN8n | undefined {
	const { N8N_URL: url, N8N_EMAIL: email, N8N_PASSWORD: password } = environment;
	if (!url) return undefined;
	if (!email || !password) {
		throw new Error(
			'To use the n8n at N8N_URL set N8N_EMAIL and N8N_PASSWORD too: the login of its owner or of an admin. An API key cannot test a credential or execute a workflow.',
		);
	}
	return { url: url.replace(/(?<!\/)\/+$/, ''), owner: { email, password } };
}

/**
 * Signs in as a guest: only what this creates is replaced or removed.
 *
 * @param packageDir - our checkout, for the name of the package
 * @throws when the login is refused, or our package is not installed there
 */
export async function signInAsGuest(
	{ url, owner }: ExistingN8n,
	packageDir: string,
): Promise<N8nApi> {
	const api = new N8nApi(url, true);
	await api.signIn(owner);
	const { name } = await readManifest(packageDir);
	if (!(await api.nodeTypes()).some((type) => type.startsWith(`${name}.`))) {
		throw new Error(
			`The n8n at ${url} has no nodes of ${name}. Install the package there (Settings > Community nodes) and restart it.`,
		);
	}
	return api;
}
