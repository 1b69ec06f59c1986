import MeshModel
import MeshTransport
import Testing

@testable import MeshPlanes

/// Pods found by their labels, page by page.
@Suite(.timeLimit(.minutes(10))) struct EnvoyPodsTests {
  private static func pods(_ tokens: [String]) throws -> (EnvoyPods, ScriptedServer) {
    let server = ScriptedServer { _, count in
      let token = tokens[count % tokens.count]
      let pod = #"{"metadata":{"name":"p\#(count)","namespace":"edge"},"status":{"phase":"Running"}}"#
      return .answer(200, #"{"metadata":{"continue":"\#(token)"},"items":[\#(pod)]}"#)
    }
    var options = Session.Options()
    options.gate = OriginGate()
    options.transport = { _ in server }
    let connection = KubernetesConnection(context: "c", server: "http://127.0.0.1:1")
    return (try EnvoyPods(plane: "p", connection: connection, options: options), server)
  }

  @Test func allPagesAreRead() async throws {
    let (pods, server) = try Self.pods(["t", "u", ""])
    #expect(try await pods.addresses(of: "pods://edge/app=envoy:9901").count == 3)
    #expect(server.requests.map { $0.query("continue") } == [nil, "t", "u"])
  }

  @Test func pagesThatGoInACircleAreToldAndNotFollowed() async throws {
    let (pods, server) = try Self.pods(["t", "u"])
    let error = await #expect(throws: MeshError.self) { try await pods.addresses(of: "pods://edge/app=envoy:9901") }
    #expect(error?.code == .malformed)
    #expect(server.requests.count == 3)
  }
}
