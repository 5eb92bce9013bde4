/** Name of the credential type that all our nodes use. */
export const CREDENTIAL = 'threeCxOAuth2Api';
