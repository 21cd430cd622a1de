/** What `Allow` says: methods that a fan-out can carry. */
export const allowedMethods = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS'
