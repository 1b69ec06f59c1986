import Foundation
import MeshKit
import MeshModel
import MeshOperations
import Testing

/// A real Envoy with a filter for Redis before a scripted server.
@Suite("Envoy before a store", .serialized, .timeLimit(.minutes(20)))
struct EnvoyStoreTests {
  /// Answers GET and SET, and everything else with an error.
  static let server = #"""
    import socketserver, sys
    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            while line := self.rfile.readline():
                words = []
                for _ in range(int(line[1:])):
                    size = int(self.rfile.readline()[1:])
                    words.append(self.rfile.read(size + 2)[:-2].lower())
                self.wfile.write({b"get": b"$1\r\nx\r\n", b"set": b"+OK\r\n"}.get(words[0], b"-ERR no\r\n"))
    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = daemon_threads = True
    Server(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
    """#

  /// Asks three times for each time it writes, as long as it runs; begins once the server itself answers.
  static let client = #"""
    import socket, sys, time
    while True:
        try:
            socket.create_connection(("127.0.0.1", int(sys.argv[2])), 5).close()
            break
        except OSError:
            time.sleep(0.1)
    while True:
        try:
            link = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 5)
            while True:
                for words in [[b"GET", b"k"]] * 3 + [[b"SET", b"k", b"v"]]:
                    link.sendall(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words))
                    if not link.recv(100): raise OSError
                time.sleep(0.01)
        except OSError:
            time.sleep(0.2)
    """#

  private static func configuration(admin: Int, listener: Int, front: Int, redis: Int) -> String {
    func socket(_ port: Int) -> String { "{socket_address: {address: 127.0.0.1, port_value: \(port)}}" }
    let filters = "type.googleapis.com/envoy.extensions.filters"
    return """
      node: {id: store-1, cluster: store}
      admin: {address: \(socket(admin))}
      stats_flush_interval: 0.5s
      static_resources:
        listeners:
          - name: web
            address: \(socket(listener))
            filter_chains:
              - filters:
                  - name: envoy.filters.network.http_connection_manager
                    typed_config:
                      "@type": \(filters).network.http_connection_manager.v3.HttpConnectionManager
                      stat_prefix: web
                      route_config:
                        name: web
                        virtual_hosts:
                          - {name: all, domains: ["*"], routes: [{match: {prefix: /}, direct_response: {status: 200}}]}
                      http_filters:
                        - name: envoy.filters.http.router
                          typed_config: {"@type": \(filters).http.router.v3.Router}
          - name: redis
            address: \(socket(front))
            filter_chains:
              - filters:
                  - name: envoy.filters.network.redis_proxy
                    typed_config:
                      "@type": \(filters).network.redis_proxy.v3.RedisProxy
                      stat_prefix: sessions
                      settings: {op_timeout: 5s, enable_command_stats: true}
                      prefix_routes: {catch_all_route: {cluster: sessions}}
        clusters:
          - name: sessions
            type: STATIC
            connect_timeout: 1s
            load_assignment: {cluster_name: sessions, endpoints: [{lb_endpoints: [{endpoint: {address: \(socket(redis))}}]}]}
      """
  }

  @Test func theCommandsOfRedisAreMeasuredAtTheProxyAndShownAtTheStore() async throws {
    let (front, redis) = (MetricsServer.freePort(), MetricsServer.freePort())
    let started = try await EnvoyServer.start { admin, listener, _ in
      Self.configuration(admin: admin, listener: listener, front: front, redis: redis)
    }
    guard let envoy = started else { return }
    let store = try await EnvoyServer.serve(["python3", "-c", Self.server, "\(redis)"])
    let client = try await EnvoyServer.serve(["python3", "-c", Self.client, "\(front)", "\(redis)"])
    defer { withExtendedLifetime((envoy, store, client)) {} }
    let deck = try await EnvoyTests.deck(envoy.setting())
    try await PrometheusTests.until {
      try? await deck.load()
      // Histograms are there once Envoy has merged them.
      let found = await deck.view.stores(on: "edge").services.values.first?.first?.operations ?? []
      guard found.count == 2, found.allSatisfy({ $0.p99ms != nil }) else { return false }
      // A window of few commands ends anywhere among the four of a turn.
      return abs(found[0].rate / (found[0].rate + found[1].rate) - 0.75) < 0.05
    }
    let view = await deck.view
    let (ref, found) = try #require(view.stores(on: "edge").services.first)
    #expect(ref.name == "sessions")
    let redisTraffic = try #require(found.first)
    #expect(redisTraffic.kind == .redis)
    #expect(redisTraffic.operations.map(\.name) == ["get", "set"])
    let (gets, sets) = (redisTraffic.operations[0].rate, redisTraffic.operations[1].rate)
    #expect(abs(gets / (gets + sets) - 0.75) < 0.05)
    #expect(redisTraffic.operations[0].failures == 0)
    #expect((redisTraffic.operations[0].p99ms ?? -1) >= 0)
    let row = try #require(view.serviceRows(plane: "edge").first { $0.ref == ref })
    #expect(row.stores == found)
  }
}
