import Foundation
import MeshModel
import Testing

extension CommandTests {
  /// Several kubeconfig contexts as planes, one of which takes connections and answers nothing.
  @Suite(.timeLimit(.minutes(2))) struct SeveralPlanesTests {
    /// A kubeconfig of the contexts `east`, which answers, and `west-1`, which does not.
    private static func tool(_ hole: BlackHole) async throws -> Tool {
      let endpoints = try await DemoServer.reading.endpoints()
      let tool = try Tool(kubeconfig: nil)
      _ = try tool.file(
        "none",
        """
        apiVersion: v1
        kind: Config
        clusters:
        - {name: e, cluster: {server: "\(endpoints.kubernetes)"}}
        - {name: w, cluster: {server: "http://127.0.0.1:\(hole.port)"}}
        users: [{name: u, user: {}}]
        contexts:
        - {name: east, context: {cluster: e, user: u}}
        - {name: west-1, context: {cluster: w, user: u}}
        current-context: east
        """)
      return tool
    }

    @Test func aPlaneThatAnswersNothingIsNamedAndDelaysTheOthersByNoMoreThanPatience() async throws {
      let hole = try BlackHole()
      let tool = try await Self.tool(hole)
      let clock = ContinuousClock()
      var run: Program.Run?
      let taken = try await clock.measure {
        run = try await tool("get", "services", "--context", "east", "--context", "west-*", "-o", "json", "-A")
      }
      let json = try #require(try run?.json)
      #expect(run?.code == 0, "\(run?.errors ?? "")")
      #expect((json["items"]?.array?.count ?? 0) > 5)
      let planes = json["planes"]?.array ?? []
      #expect(planes.compactMap { $0["name"]?.string }.sorted() == ["east", "west-1"])
      let west = planes.first { $0["name"] == "west-1" }
      #expect(west?["state"] == "down")
      #expect(west?["error"]?.string?.contains("said nothing") == true)
      #expect(taken < .seconds(20), "\(taken)")
    }

    @Test func patternsAndNamesChooseContextsAndPlanes() async throws {
      let hole = try BlackHole()
      let tool = try await Self.tool(hole)
      #expect(try await tool("planes", "--context", "*", "-o", "name").output == "east\nwest-1\n")
      let added = try await tool("planes", "add", "--all-contexts")
      #expect(added.code == 0 && added.output == "east\nwest-1\n", "\(added.errors)")
      #expect(try await tool("planes", "-o", "name").output == "east\nwest-1\n")
      #expect(try await tool("planes", "add", "--contexts", "we*").output.isEmpty, "it is a plane already")
      let east = try await tool("get", "services", "-p", "ea*", "-A", "-o", "json")
      #expect(try east.json["planes"]?.array?.count == 1)
      for (arguments, words) in [
        (["get", "services", "-p", "north"], "there is no plane north"),
        (["get", "services", "--context", "north-*"], "no context is named north-*"),
        (["planes", "add", "x", "--context", "east"], "a plane that is added is told its own"),
        (["planes", "add", "x", "--all-contexts"], "several contexts take no name"),
        (["planes", "add", "--all-contexts", "--region", "r"], "several contexts take no name"),
        (["planes", "add", "x", "--prometheus", "http://p/", "--scrape", "http://s/"], "--scrape name two"),
        (["planes", "add", "x", "--region", "r"], "region is for planes of kind app-mesh"),
        (["planes", "add", "x", "--node-id", "n"], "are for planes of kind xds"),
      ] {
        let run = try await tool.run([Program.meshdeck] + arguments)
        #expect(run.code == 2 && run.errors.contains(words), "\(run.errors)")
      }
    }

    @Test func whatIsNotFoundMayBeOnThePlaneThatIsDown() async throws {
      let hole = try BlackHole()
      let tool = try await Self.tool(hole)
      let run = try await tool("get", "services", "nosuch", "--context", "*", "-A")
      #expect(run.code == 6 && run.errors.contains("on the planes that answered"), "\(run.errors)")
    }

    @Test func problemsAndGraphNameThePlaneThatIsDown() async throws {
      let hole = try BlackHole()
      let tool = try await Self.tool(hole)
      let both = ["--context", "east", "--context", "west-1"]
      let found = try await tool.run([Program.meshdeck, "analyze", "-A"] + both)
      #expect(found.code == 1 && found.errors.contains("west-1: "), "\(found.errors)")
      let none = try await tool.run([Program.meshdeck, "analyze", "-n", "nosuch"] + both)
      #expect(none.code == 6 && none.output.isEmpty && none.errors.contains("west-1: "), "\(none.output)\(none.errors)")
      #expect(none.errors.contains("no findings on the planes that answered"), "\(none.errors)")
      let graph = try await tool.run([Program.meshdeck, "graph", "-A"] + both)
      #expect(graph.code == 0 && graph.errors.contains("west-1: "), "\(graph.errors)")
      let planes = try await tool.run([Program.meshdeck, "graph", "-A", "--as", "json"] + both).json["planes"]?.array
      #expect(planes?.first { $0["name"] == "west-1" }?["state"] == "down")
    }

    @Test func aNameOnSeveralPlanesIsOneErrorThatNamesThem() async throws {
      let endpoints = try await DemoServer.reading.endpoints()
      let tool = try Tool(kubeconfig: endpoints.kubeconfig)
      let path = endpoints.kubeconfig
      _ = try tool.file(
        "config/meshdeck/config.yaml",
        "planes: [{name: one, kind: kubernetes, kubeconfig: \(path)}, {name: two, kind: kubernetes, kubeconfig: \(path)}]\n"
      )
      let run = try await tool("canary", "set", "reviews", "v1=1", "v2=1", "--dry-run", "client")
      #expect(run.code == 2)
      #expect(run.errors.contains("one/shop/virtualservice/reviews, two/shop/virtualservice/reviews"), "\(run.errors)")
      let one = try await tool(
        "canary", "set", "two/shop/virtualservice/reviews", "v1=1", "v2=1", "--dry-run", "client")
      #expect(one.code == 0, "\(one.errors)")
    }
  }
}

/// A port that takes connections, since the system does, and never answers.
final class BlackHole: Sendable {
  let port: UInt16
  private let descriptor: Int32

  init() throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let (own, length) = (descriptor, size)
    let bound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        bind(own, pointer, length) == 0 && listen(own, 64) == 0 && getsockname(own, pointer, &size) == 0
      }
    }
    port = UInt16(bigEndian: address.sin_port)
    try #require(bound, "a port to listen on")
  }

  deinit { close(descriptor) }
}
