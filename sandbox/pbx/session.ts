/** `POST /webclient/api/MyPhone/session`: an API client gets a session in a user's name (protocol 1.7). */
import { z } from 'zod';
import type { Caller } from './types';
import type { Answer } from './xapi';
import type { Store } from './xapi/store';

/** What 3CX's own test sends. Without `impersonate` the session would be the client's own, which is no user. */
const sessionRequest = z.object({
	name: z.string().min(1),
	version: z.string().min(1),
	isHuman: z.boolean(),
	impersonate: z.string().min(1),
});

/**
 * Answers a request for a session. Which fields 3CX answers, nobody has written down: what its web client is known by is a
 * guess (protocol 8.16). Nothing takes the session.
 *
 * @param secret makes an invented key of so many characters
 * @returns 200 with the session; 400 for a body that is none; 403 where `MyPhoneEnabled` is off; 404 without such an extension
 */
export const sessions =
	(store: Store, secret: (length: number) => string) =>
	({ client }: Caller, body: string): Answer => {
		const principal = store.find('ServicePrincipals', 'Number', client.clientId);
		if (principal?.MyPhoneEnabled !== true) return { status: 403 };
		const { success, data } = sessionRequest.safeParse(parsed(body));
		if (!success) return { status: 400 };
		if (!store.find('Users', 'Number', data.impersonate)) return { status: 404 };
		return {
			status: 200,
			headers: { 'Content-Type': 'application/json; charset=utf-8', 'Cache-Control': 'no-store' },
			body: JSON.stringify({ sessionKey: secret(32), pass: secret(16) }),
		};
	};

function parsed(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}
