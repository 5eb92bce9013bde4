import type { Dispatcher } from 'undici';
import { retryAfter } from '../responseErrors';
import { kindOf } from './baseline';
import type { Entry, Gate, Visit } from './gate';

/** Codes of failures that mean that the PBX did not keep up. */
const TIMEOUTS = new Set([
	'UND_ERR_HEADERS_TIMEOUT',
	'UND_ERR_BODY_TIMEOUT',
	'UND_ERR_CONNECT_TIMEOUT',
	'ETIMEDOUT',
]);

/**
 * Sends requests through the gate of their PBX: each waits for its turn, and the gate is told when it went out, when its
 * answer began, and when its body was read or given up.
 *
 * @param gateOf gives the gate of the PBX
 * @param inFlight how many may be under way, see {@link Entry.inFlight}
 * @returns an interceptor for `Dispatcher.compose`
 */
export const throughGate =
	(gateOf: () => Gate, inFlight: Entry['inFlight']): Dispatcher.DispatcherComposeInterceptor =>
	(dispatch) =>
	(options, handler) => {
		// undici only looks at it once the request is on its way.
		const { signal } = options as { signal?: AbortSignal };
		const refuse = (reason: Error) =>
			handler.onResponseError?.(undefined as unknown as Dispatcher.DispatchController, reason);
		gateOf().enter({
			inFlight,
			signal: signal ?? undefined,
			kind: kindOf(options.method, options.path),
			start: (visit) => {
				try {
					dispatch(options, new Watched(handler, visit));
				} catch (error) {
					visit.over();
					refuse(error as Error);
				}
			},
			refuse,
		});
		return true;
	};

/** Passes everything on to the handler of a request and reports it to the gate. */
class Watched implements Dispatcher.DispatchHandler {
	constructor(
		private readonly handler: Dispatcher.DispatchHandler,
		private readonly visit: Visit,
	) {}

	onRequestStart(...news: Parameters<NonNullable<Dispatcher.DispatchHandler['onRequestStart']>>) {
		this.visit.sent();
		this.handler.onRequestStart?.(...news);
	}

	onResponseStart(...news: Parameters<NonNullable<Dispatcher.DispatchHandler['onResponseStart']>>) {
		const [, status, headers] = news;
		if (status >= 200) this.visit.answered(status, retryAfter(headers));
		this.handler.onResponseStart?.(...news);
	}

	onResponseData(...news: Parameters<NonNullable<Dispatcher.DispatchHandler['onResponseData']>>) {
		this.handler.onResponseData?.(...news);
	}

	onResponseEnd(...news: Parameters<NonNullable<Dispatcher.DispatchHandler['onResponseEnd']>>) {
		this.handler.onResponseEnd?.(...news);
		// undici returns the connection in the next turn of the event loop; a request sent before that would open another one.
		setImmediate(() => this.visit.over());
	}

	onResponseError(...news: Parameters<NonNullable<Dispatcher.DispatchHandler['onResponseError']>>) {
		const [, error] = news;
		this.visit.failed(TIMEOUTS.has((error as Error & { code?: string }).code ?? ''));
		setImmediate(() => this.visit.over());
		this.handler.onResponseError?.(...news);
	}
}
