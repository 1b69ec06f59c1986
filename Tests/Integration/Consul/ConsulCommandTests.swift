import Foundation
import MeshModel
import Testing

/// The commands against the embedded Consul of a hybrid estate, its state seen through a client nobody here wrote.
@Suite("Consul", .serialized)
struct ConsulCommandTests {
  static let server = DemoServer(scenario: "hybrid")
  static let client = "py-consul==1.8.0"

  /// A tool that knows the Consul alone, and its address; with its measurements, which take two looks, where asked for.
  private func tool(measuring: Bool = false) async throws -> (deck: Tool, url: String) {
    let endpoints = try await Self.server.endpoints()
    var plane = try #require(endpoints.planes.array?.first { $0["kind"]?.string == "consul" })
    if !measuring { plane["telemetry"] = nil }
    let deck = try Tool(kubeconfig: nil)
    _ = try deck.file("config/meshdeck/config.yaml", JSONWriter.text(["planes": [plane]]))
    return (deck, try #require(plane["url"]?.string))
  }

  @Test("Services, splits, routes and modes are read")
  func whatIsThereIsRead() async throws {
    let (deck, _) = try await tool()
    let splits = try await deck("get", "splits", "-A", "-o", "json")
    #expect(splits.code == 0, "\(splits.errors)")
    let backends = try splits.json["items"]?.array?.first { $0["name"]?.string == "stock" }?["backends"]
    #expect(backends?[0]?["desired"]?["weight"] == .number("97.5"))
    #expect(backends?[1]?["desired"]?["weight"] == .number("2.5"))
    #expect(backends?[1]?["programmed"]?["weight"] == .number("2.5"))
    #expect(backends?[1]?["ready"]?.int == 1)
    let routes = try await deck("get", "routes", "-A", "-o", "name")
    #expect(
      routes.output
        == "consul/default/http-route/portal\nconsul/default/service-router/stock\nconsul/default/service-splitter/stock\n"
    )
    let workloads = try await deck("get", "workloads", "-A", "-o", "name")
    for name in ["orders", "payments", "stock-v1", "stock-v2"] {
      #expect(workloads.output.contains("consul/default/workload/\(name)\n"), "\(workloads.output)")
    }
    let modes = try await deck("get", "mtls", "-A", "-o", "json")
    let stock = try modes.json["items"]?.array?.first { $0["workload"]?.string == "stock-v1" }
    #expect(stock?["mode"]?.string == "PERMISSIVE", "\(modes.output)\(modes.errors)")
  }

  @Test("Calls are measured by the labels of the sidecars, and a denied caller shows")
  func callsAreMeasured() async throws {
    let (deck, _) = try await tool(measuring: true)
    let edges = try await deck("get", "edges", "-A", "-o", "json")
    #expect(edges.code == 0, "\(edges.errors)")
    let items = try edges.json["items"]?.array ?? []
    #expect(items.contains { JSONWriter.text($0).contains("stock-v1") }, "\(edges.output.prefix(2_000))")
  }

  @Test("A canary is shifted by hundredths, refused another sum, and taken back")
  func aShiftAndItsUndo() async throws {
    let (deck, url) = try await tool()
    let weights = try await look(
      deck, url, #"[s["Weight"] for s in c.config.get("service-splitter", "stock")["Splits"]]"#)
    #expect(weights == "[97.5, 2.5]" || weights == nil)
    let refused = try await deck("canary", "set", "service-splitter/stock", "v1=90", "v2=10.01", "-y")
    #expect(refused.code == 3 && refused.errors.contains("the sum of all split weights must be 100, not 100.01"))
    let set = try await deck("canary", "set", "service-splitter/stock", "v1=66.67", "v2=33.33", "-y")
    #expect(set.code == 0, "\(set.errors)")
    let split = try await deck("canary", "show", "stock", "-o", "json")
    #expect(try split.json["items"]?[0]?["backends"]?[1]?["programmed"]?["weight"] == .number("33.33"))
    let seen = try await look(deck, url, #"[s["Weight"] for s in c.config.get("service-splitter", "stock")["Splits"]]"#)
    #expect(seen == "[66.67, 33.33]" || seen == nil)
    let timeout = try await deck("route", "set", "service-router/stock", "--request-timeout", "1.5s", "-y")
    #expect(timeout.code == 0, "\(timeout.errors)")
    let undone = try await deck("undo", "-y")
    #expect(undone.code == 0, "\(undone.errors)")
    let undo = try await deck("undo", "-y")
    #expect(undo.code == 0, "\(undo.errors)")
    let back = try await deck("get", "objects", "service-router", "-A", "-o", "yaml")
    #expect(
      back.output.contains("RequestTimeout: 2s") || back.output.contains("RequestTimeout: \"2s\""), "\(back.output)")
    let after = try await deck("canary", "show", "stock", "-o", "json")
    #expect(try after.json["items"]?[0]?["backends"]?[1]?["desired"]?["weight"] == .number("2.5"))
  }

  @Test("A gateway's route is weighed in proportion, and a weight that Consul would store otherwise is refused")
  func aGatewaysRoute() async throws {
    let (deck, url) = try await tool()
    let gateways = try await deck("get", "gateways", "-A", "-o", "name")
    #expect(gateways.output == "consul/default/api-gateway/edge\n", "\(gateways.output)\(gateways.errors)")
    let shown = try await deck("route", "show", "http-route/portal")
    #expect(shown.output.contains("attached to: edge/web"), "\(shown.output)\(shown.errors)")
    let none = try await deck("canary", "set", "http-route/portal", "portal=100", "portal-next=0", "-y")
    #expect(none.code == 3 && none.errors.contains("stores a weight of 0 as 1"), "\(none.errors)")
    let set = try await deck("canary", "set", "http-route/portal", "portal=3", "portal-next=1", "-y")
    #expect(set.code == 0, "\(set.errors)")
    let weights = #"[s["Weight"] for s in c.config.get("http-route", "portal")["Rules"][0]["Services"]]"#
    let seen = try await look(deck, url, weights)
    #expect(seen == "[3, 1]" || seen == nil)
    let split = try await deck("canary", "show", "http-route/portal", "-o", "json")
    let canary = try split.json["items"]?[0]?["backends"]?[1]
    #expect(
      canary?["desired"]?["share"]?.double == 0.25 && canary?["programmed"]?["share"]?.double == 0.25, "\(split.output)"
    )
    let undo = try await deck("undo", "-y")
    #expect(undo.code == 0, "\(undo.errors)")
    let back = try await look(deck, url, weights)
    #expect(back == "[19, 1]" || back == nil)
  }

  @Test("A mode of a service is loosened and taken back")
  func aModeAndItsUndo() async throws {
    let (deck, _) = try await tool()
    let set = try await deck("mtls", "set", "workload/payments", "PERMISSIVE", "-n", "default", "-y")
    #expect(set.code == 0, "\(set.errors)")
    let entry = try await deck("get", "objects", "service-defaults", "-A", "-o", "yaml")
    #expect(entry.output.contains("Name: payments") || entry.output.contains("Name: \"payments\""), "\(entry.output)")
    let undo = try await deck("undo", "-y")
    #expect(undo.code == 0, "\(undo.errors)")
    let refused = try await deck("mtls", "set", "workload/payments", "DISABLE", "-n", "default", "-y", "--force")
    #expect(refused.code == 3 && refused.errors.contains("cannot be disabled"))
  }

  @Test("The plane proves itself")
  func aCheck() async throws {
    let (deck, _) = try await tool()
    let check = try await deck("planes", "check")
    #expect(check.code == 0, "\(check.output)\(check.errors)")
    for words in ["leader", "Anonymous Token", "service:write", "days left", "1.21"] {
      #expect(check.output.contains(words), "\(words): \(check.output)")
    }
  }

  @Test("py-consul sees and writes the same Consul")
  func aForeignClient() async throws {
    let (deck, url) = try await tool()
    let script = """
      print(c.agent.self()["Config"]["Datacenter"], c.status.leader())
      index, services = c.catalog.services()
      print(sorted(s for s in services if "sidecar" not in s))
      index, nodes = c.health.service("stock", passing=True)
      print(len(nodes), sorted({n["Service"]["Meta"]["version"] for n in nodes}))
      entry = c.config.get("service-intentions", "payments")
      print(c.config.set("service-intentions", "payments", {"Sources": entry["Sources"]}, cas=1))
      print(c.config.set("service-defaults", "billing", {"Protocol": "http"}, cas=0))
      made = c.config.get("service-defaults", "billing")
      print(c.config.delete("service-defaults", "billing", cas=made["ModifyIndex"] - 1),
            c.config.delete("service-defaults", "billing", cas=made["ModifyIndex"]))
      try: c.config.set("service-splitter", "stock", {"Splits": [{"Weight": 99.5, "ServiceSubset": "v1"}]})
      except Exception as e: print(e)
      print(c.discovery_chain.get("stock")["Chain"]["StartNode"])
      """
    guard let said = try await look(deck, url, nil, script) else { return }
    let lines = said.split(separator: "\n").map(String.init)
    #expect(lines.count == 8, "\(said)")
    #expect(lines.first == "dc1 127.0.0.1:8300")
    #expect(
      lines.dropFirst().first
        == "['consul', 'edge', 'ledger', 'orders', 'payments', 'portal', 'portal-next', 'reporting', 'stock']")
    #expect(lines.dropFirst(2).first == "3 ['v1', 'v2']")
    // What changes nothing is true whatever the index; the stale delete is false.
    #expect(lines.dropFirst(3).prefix(3) == ["True", "True", "False True"])
    #expect(lines.dropFirst(6).first?.contains("must be 100, not 99.5") == true)
    #expect(lines.dropFirst(7).first == "router:stock.default.default")
    let services = try await deck("get", "services", "-A", "-o", "name")
    #expect(services.output.contains("consul/default/service/stock\n"))
  }

  /// What a script says that has py-consul's client as `c`, or an expression of it; `nil` where there is no py-consul.
  private func look(_ deck: Tool, _ url: String, _ expression: String?, _ script: String = "") async throws -> String? {
    guard let commands = try await PythonLaboratory.commands(Self.client) else { return nil }
    let port = url.split(separator: ":").last.map(String.init) ?? ""
    let text = "import consul\nc = consul.Consul(host=\"127.0.0.1\", port=\(port))\n"
    let run = try await deck.run(
      [commands + "/python", "-c", text + (expression.map { "print(\($0))" } ?? script)])
    try #require(run.code == 0, "\(run.errors)")
    return run.output.trimmingCharacters(in: .whitespacesAndNewlines)
  }
}
