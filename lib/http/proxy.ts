import { ThreeCxError } from './errors';

/**
 * The proxy that the operator of n8n has named for an address, as n8n itself reads the environment: `HTTPS_PROXY` for
 * https, `HTTP_PROXY` for http, `ALL_PROXY` for both, in lower case, too. `NO_PROXY` is not looked at here.
 *
 * @param origin such as `https://pbx.example.com:5001`
 * @returns the proxy's URL; an empty text where there is none
 */
export function proxyFor(origin: string): string {
	const scheme = origin.startsWith('https:') ? 'https' : 'http';
	return (
		[`${scheme}_proxy`, 'all_proxy']
			.flatMap((name) => [process.env[name], process.env[name.toUpperCase()]])
			.find((value) => value !== undefined && value !== '') ?? ''
	);
}

/** What undici and Node say when a proxy does not make a tunnel; the status is the proxy's. */
const REFUSED = /Proxy response \((\d+)\)|via [^\n]{0,300}HTTP\/1\.\d (\d+)/;

/**
 * Tells a failure of the proxy from one of the PBX: undici calls the first an abort, and a proxy that is not there looks
 * like a PBX that is not there.
 *
 * @param cause what undici, ws or n8n's HTTP client threw
 * @param origin the PBX
 * @returns the error that names the proxy, or undefined when it is not at fault
 */
export function errorFromProxy(
	cause: unknown,
	origin: string,
	request?: string,
): ThreeCxError | undefined {
	const { message, status, code, port, hostname, cause: inner } = (cause ?? {}) as ProxyTrouble;
	const proxy = proxyFor(origin);
	const refusal = REFUSED.exec(String(message ?? '').slice(0, 2_000));
	const refused = refusal?.[1] ?? refusal?.[2] ?? (status === 407 ? '407' : undefined);
	const hint =
		'n8n uses the proxy set in HTTPS_PROXY or HTTP_PROXY. Ask its admin to let n8n reach the PBX, or add the host of the PBX to NO_PROXY.';
	if (refused !== undefined) {
		return new ThreeCxError({
			kind: 'unreachable',
			message: `The proxy on the way to ${origin} refused the connection (HTTP ${refused})`,
			hint,
			request,
		});
	}
	if (URL.canParse(proxy) && isAt(new URL(proxy), { port, hostname })) {
		return new ThreeCxError({
			kind: 'unreachable',
			message: `The proxy on the way to ${origin} could not be reached`,
			hint,
			code,
			request,
		});
	}
	return inner === undefined ? undefined : errorFromProxy(inner, origin, request);
}

interface ProxyTrouble {
	message?: string;
	status?: number;
	code?: string;
	/** With failures to connect: what could not be connected to. */
	port?: number;
	/** With failed name look-ups. */
	hostname?: string;
	cause?: unknown;
}

const isAt = (
	{ hostname, port, protocol }: URL,
	tried: Pick<ProxyTrouble, 'port' | 'hostname'>,
): boolean =>
	tried.hostname === hostname ||
	tried.port === Number(port || (protocol === 'https:' ? '443' : '80'));
