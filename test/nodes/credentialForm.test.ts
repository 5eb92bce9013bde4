import { ThreeCxOAuth2Api } from '../../credentials/ThreeCxOAuth2Api.credentials';

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

const { properties } = new ThreeCxOAuth2Api();

test('shows what 3CX needs, and no switch of OAuth2', () => {
	expect(properties.map(({ name }) => name)).toEqual(expect.arrayContaining(INHERITED));
	const shown = properties.filter(({ type }) => type !== 'hidden').map(({ name }) => name);
	expect(shown).toEqual([
		'pbxUrl',
		'clientId',
		'clientSecret',
		'ignoreSSLIssues',
		'expressionNotice',
	]);
});
