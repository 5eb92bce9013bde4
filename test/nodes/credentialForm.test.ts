import { ThreeCxOAuth2Api } from '../../credentials/ThreeCxOAuth2Api.credentials';
import { ThreeCxServerApi } from '../../credentials/ThreeCxServerApi.credentials';

/**
 * The form of the credential. n8n puts our fields into those that it has for OAuth2: each of its own that we do not
 * replace is shown, too.
 */

/** What n8n (2.30 to 2.41) would show for client credentials and lets others inherit. */
const INHERITED = [
	'grantType',
	'accessTokenUrl',
	'clientId',
	'clientSecret',
	'scope',
	'authentication',
	'sendAdditionalBodyProperties',
	'additionalBodyProperties',
];

const own = new ThreeCxOAuth2Api();

/** As n8n does: the fields of all types that it extends, in their order; its own in their places, or behind them. */
const BASES: Record<string, string[]> = {
	threeCxServerApi: new ThreeCxServerApi().properties.map(({ name }) => name),
	oAuth2Api: INHERITED,
};
const inherited = own.extends.flatMap((base) => BASES[base]!);
const names = [...new Set([...inherited, ...own.properties.map(({ name }) => name)])];

test('shows what 3CX needs, Server URL first, and no switch of OAuth2', () => {
	expect(own.properties.map(({ name }) => name)).toEqual(expect.arrayContaining(INHERITED));
	const hidden = own.properties.filter(({ type }) => type === 'hidden').map(({ name }) => name);
	expect(names.filter((name) => !hidden.includes(name))).toEqual([
		'pbxUrl',
		'clientId',
		'clientSecret',
		'ignoreSSLIssues',
		'expressionNotice',
	]);
});
