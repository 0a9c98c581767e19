/** Where a peer listens, and what stands behind it. */
export interface Place {
  port: number;
  host: string;
}

/** Routes of the table, of which one is asked for. */
const COLLECTIONS = Array.from({ length: 49 }, (_, each) => `/api/collection-${each}/`);

/**
 * nginx as a reverse proxy. Alike, it does what a canary of ours does: 50 routes, a weighted choice of the side that
 * sticks to the client by a cookie, all forwarding headers, and one request in a hundred in its log.
 */
export function nginxConfig({ port, host, folder }: Place & { folder: string }, isAlike: boolean): string {
  const side = isAlike ? '$side' : 'monolith';
  return `daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log crit;
events { worker_connections 4096; }
http {
  keepalive_requests 100000000; proxy_temp_path ${folder}/temp;
  client_body_temp_path ${folder}/body; fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
  upstream monolith { server ${host}; keepalive 256; keepalive_requests 100000000; }
  upstream catalog { server ${host}; keepalive 256; keepalive_requests 100000000; }
  ${isAlike ? NGINX_CHOICE : 'access_log off;'}
  proxy_http_version 1.1;
  proxy_set_header Connection ""; proxy_set_header Host $host;
  proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Forwarded-Proto $scheme;
  ${isAlike ? NGINX_FORWARDED : ''}
  server {
    listen 127.0.0.1:${port};
    ${isAlike ? COLLECTIONS.map((path) => `location ${path} { proxy_pass http://catalog; }`).join('\n    ') : ''}
    ${isAlike ? 'location /api/products/ { proxy_pass http://$side; add_header Set-Cookie $given; }' : ''}
    location / { proxy_pass http://${isAlike ? 'monolith' : side}; }
  }
}`;
}

const NGINX_CHOICE = `map $cookie_arm $arm { "" $request_id; default $cookie_arm; }
  map $cookie_arm $given { "" "arm=$request_id; Path=/; HttpOnly; SameSite=Lax"; default ""; }
  split_clients $arm $side { 50% catalog; * monolith; }
  split_clients $request_id $logged { 1% 1; * 0; }
  log_format whole '$remote_addr "$request" $status $body_bytes_sent $request_time $side';
  access_log /dev/null whole buffer=64k flush=1s if=$logged;`;

const NGINX_FORWARDED = `proxy_set_header X-Forwarded-Host $http_host; proxy_set_header X-Forwarded-Port $server_port;
  proxy_set_header Forwarded 'for=$remote_addr;host="$http_host";proto=$scheme';`;

/** HAProxy in one thread, as a reverse proxy; alike as above. */
export function haproxyConfig({ port, host }: Place, isAlike: boolean): string {
  return `global
  nbthread 1
  maxconn 4000
  ${isAlike ? 'log 127.0.0.1:9 sample 1:100 local0' : ''}
defaults
  mode http
  option forwardfor
  option http-keep-alive
  timeout connect 3s
  timeout client 60s
  timeout server 60s
  ${isAlike ? 'log global\n  option httplog' : ''}
frontend front
  bind 127.0.0.1:${port}
  ${isAlike ? HAPROXY_ROUTES : ''}
  default_backend app
backend app
  http-reuse always
  server app ${host}
${isAlike ? haproxyCanary(host) : ''}`;
}

const HAPROXY_ROUTES = `${COLLECTIONS.map((path) => `use_backend app if { path_beg ${path} }`).join('\n  ')}
  use_backend canary if { path_beg /api/products/ }
  http-request set-header X-Forwarded-Proto http
  http-request set-header X-Forwarded-Host %[req.hdr(host)]
  http-request set-header X-Forwarded-Port %[dst_port]
  http-request set-header Forwarded for=%[src];host=%[req.hdr(host)];proto=http`;

const haproxyCanary = (host: string): string => `backend canary
  http-reuse always
  balance roundrobin
  cookie arm insert indirect nocache httponly
  server monolith ${host} weight 50 cookie m
  server catalog ${host} weight 50 cookie s
`;
