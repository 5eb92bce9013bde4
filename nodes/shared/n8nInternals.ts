import type {
	ICredentialDataDecryptedObject,
	ICredentialsHelper,
	IExecuteFunctions,
	INode,
	IWorkflowExecuteAdditionalData,
	WorkflowExecuteMode,
} from 'n8n-workflow';
import { KeyedLock } from '../../lib/waiting/concurrency';
import type { StoredToken } from './credential';
import { CREDENTIAL } from './credentialName';

/**
 * Everything of n8n's that our nodes use and n8n does not promise to nodes. Each use looks whether n8n behaves as it is
 * known to (2.30 to 2.41); where it does not, the answer is the slow and safe one. Nothing outside of this file may reach
 * for `additionalData`.
 */

/** n8n's contexts of nodes are built so; its interface for nodes does not promise it. */
interface Inner {
	workflow?: unknown;
	node?: INode;
	additionalData?: IWorkflowExecuteAdditionalData;
	mode?: WorkflowExecuteMode;
	constructor?: unknown;
}

/** A context of any kind: of an execution, a trigger, a poll or a dropdown. */
export type NodeContext = Pick<IExecuteFunctions, 'getNode' | 'logger'>;

/** A hidden field of the credential type whose stored value is this expression, or nothing. */
export const RESOLVED_FIELD = 'resolved';

/** What n8n makes of {@link RESOLVED_FIELD}: whoever is shown this is not shown what is stored. */
export const RESOLVED = 'yes';

/** n8n's store of credentials as a context of a node holds it; undefined where it does not. */
function storeOf(context: NodeContext) {
	const { additionalData, mode = 'internal' } = context as Inner;
	const helper = additionalData?.credentialsHelper as ICredentialsHelper | undefined;
	const reference = context.getNode().credentials?.[CREDENTIAL];
	if (!additionalData || !helper || !reference) return undefined;
	/** What is stored, without resolving it. */
	const readRaw = async () =>
		await helper.getDecrypted(additionalData, reference, CREDENTIAL, mode, undefined, true);
	return { additionalData, helper, reference, readRaw };
}

/**
 * The credential as it is stored, expressions and all. n8n hands out credentials resolved; what it has stored it shows
 * to its own code only.
 *
 * @param context the execution context
 * @returns the stored fields and the defaults of those that are empty; undefined where n8n does not show them, or shows
 *   something else in their place
 */
export async function storedFields(
	context: NodeContext,
): Promise<{ stored: ICredentialDataDecryptedObject; defaults: Map<string, unknown> } | undefined> {
	const store = storeOf(context);
	if (!store) return undefined;
	const { helper, readRaw } = store;
	try {
		const stored = await readRaw();
		// An n8n that does not know `raw` gives the fields of some item, which look as if they were the same for all.
		if (stored[RESOLVED_FIELD] === RESOLVED) return undefined;
		const properties = helper.getCredentialsProperties(CREDENTIAL);
		// Without this field of ours it could not be told what is shown.
		if (!properties.some(({ name }) => name === RESOLVED_FIELD)) return undefined;
		return { stored, defaults: new Map(properties.map(({ name, default: of }) => [name, of])) };
	} catch {
		return undefined;
	}
}

/** Jobs on the stored token of one credential, one at a time, where n8n's own lock cannot be had. */
const turns = new KeyedLock();

/** How often n8n's lock is tried for. */
const ATTEMPTS = 3;

/**
 * Runs a job under the lock that n8n takes while it renews the token of a credential: one at a time, in all processes of
 * this n8n.
 *
 * The lock comes with `refreshOAuth2Token`, which looks into its store first, to see whether another process was faster.
 * So we give n8n a context whose store has ours look in its place: the job runs there, and n8n is then told that somebody
 * was faster. It never gets as far as logging in itself, nor could it: the credential that it is given holds neither an
 * address nor a secret. (n8n's own login follows redirects and takes the secret along.)
 *
 * Where n8n does not go this way the job runs under a lock of this process alone. Several processes may then log in at the
 * same time, each ending the token of the other, until they find what the last one stored.
 *
 * @param context any context of a node
 * @param job what to do; called once
 * @returns what the job returns
 * @throws what the job throws
 */
export async function underTokenLock<T>(context: NodeContext, job: () => Promise<T>): Promise<T> {
	let running: Promise<T> | undefined;
	for (let attempt = 0; attempt < ATTEMPTS && !running; attempt++) {
		const isKnown = await askForLock(context, async () => await (running ??= job()));
		if (!isKnown) break;
	}
	if (running) return await running;
	const id = context.getNode().credentials?.[CREDENTIAL]?.id ?? '';
	return await turns.run(id, job);
}

/** The values that n8n compares as stored and refused token: two different texts that are not tokens. */
const NOTHING = { access_token: 'to be replaced' };
const REPLACED = { access_token: 'replaced meanwhile' };

/** @returns whether it is worth another try, where the job has not been run: n8n goes the way that is known */
async function askForLock(context: NodeContext, job: () => Promise<unknown>): Promise<boolean> {
	const store = storeOf(context);
	const { workflow, node, mode, constructor: Context } = context as Inner;
	if (!store || typeof Context !== 'function') return false;
	const { additionalData, helper } = store;
	const getDecrypted: ICredentialsHelper['getDecrypted'] = async (...asked) => {
		if (asked[5] !== true) return await helper.getDecrypted(...asked);
		// Whether it fails is told to who asked for the job, see above.
		await job().catch(() => undefined);
		return { oauthTokenData: REPLACED };
	};
	const watched = Object.create(additionalData, {
		credentialsHelper: { value: Object.create(helper, { getDecrypted: { value: getDecrypted } }) },
	}) as IWorkflowExecuteAdditionalData;
	const harmless = { grantType: 'none', oauthTokenData: NOTHING };
	try {
		const twin = Reflect.construct(Context, [workflow, node, watched, mode]) as IExecuteFunctions;
		const asking = Object.create(twin, {
			getCredentials: { value: async () => await Promise.resolve({ ...harmless }) },
		}) as IExecuteFunctions;
		await twin.helpers.refreshOAuth2Token.call(asking, CREDENTIAL);
		// It resolves, too, when another renewal of this credential was under way that n8n took for ours.
		return true;
	} catch (error) {
		context.logger.debug(`3CX: could not get n8n's lock: ${(error as Error).message}`);
		return false;
	}
}

/**
 * Stores the token of a credential, encrypted, for all processes of this n8n. Where that fails, it is told in the log.
 *
 * @param context any context of a node
 * @param data all that is to be stored; what was stored before is replaced
 */
export async function storeToken(context: NodeContext, data: StoredToken): Promise<void> {
	const store = storeOf(context);
	if (!store) return;
	const { additionalData, helper, reference } = store;
	try {
		const fields = { oauthTokenData: data } as unknown as ICredentialDataDecryptedObject;
		await helper.updateCredentialsOauthTokenData(reference, CREDENTIAL, fields, additionalData);
	} catch (error) {
		context.logger.warn(`3CX: a token could not be stored: ${(error as Error).message}`);
	}
}
