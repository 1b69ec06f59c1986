import MeshModel
import Testing

@testable import MeshPlanes

@Suite struct IstioAnalysisTests {
  struct Row: Sendable, CustomTestStringConvertible {
    var name: String
    var objects: [String]
    var peers: @Sendable (inout SmallMesh) -> Void = { _ in }
    var code: String
    var pointer: JSONPointer
    var equivalents: [String]
    var testDescription: String { name }
  }

  static func vs(_ name: String, _ spec: String, namespace: String = "shop") -> String {
    #"{"apiVersion":"networking.istio.io/v1","kind":"VirtualService","metadata":{"name":"\#(name)","namespace":"\#(namespace)"},"spec":\#(spec)}"#
  }

  static func gateway(_ selector: String, _ name: String = "gw") -> String {
    #"{"apiVersion":"networking.istio.io/v1","kind":"Gateway","metadata":{"name":"\#(name)","namespace":"shop"},"spec":{"selector":{"app":"\#(selector)"},"servers":[{"port":{"number":80,"protocol":"HTTP"},"hosts":["*.example"]}]}}"#
  }

  static let rule = IstioClientChoiceTests.rule(
    "cart", "shop",
    #""subsets":[{"name":"v1","labels":{"version":"v1"}},{"name":"v9","labels":{"version":"v9"}},{"name":"all"}]"#)

  static let rows: [Row] = [
    Row(
      name: "unknown host",
      objects: [vs("a", #"{"hosts":["cart"],"http":[{"route":[{"destination":{"host":"nosuch"}}]}]}"#)],
      code: "MD1101", pointer: "/spec/http/0/route/0/destination/host", equivalents: ["KIA1101", "IST0101"]),
    Row(
      name: "unknown subset",
      objects: [
        rule, vs("a", #"{"hosts":["cart"],"http":[{"route":[{"destination":{"host":"cart","subset":"v2"}}]}]}"#),
      ],
      code: "MD1107", pointer: "/spec/http/0/route/0/destination/subset", equivalents: ["KIA1107", "IST0101"]),
    Row(
      name: "unknown host of a mirror",
      objects: [
        vs("a", #"{"hosts":["cart"],"http":[{"mirror":{"host":"nosuch"},"route":[{"destination":{"host":"cart"}}]}]}"#)
      ],
      code: "MD1101", pointer: "/spec/http/0/mirror/host", equivalents: ["KIA1101", "IST0101"]),
    Row(
      name: "unknown subset of a listed mirror",
      objects: [
        rule,
        vs(
          "a",
          #"{"hosts":["cart"],"http":[{"mirrors":[{"destination":{"host":"cart","subset":"v2"}}],"route":[{"destination":{"host":"cart"}}]}]}"#
        ),
      ],
      code: "MD1107", pointer: "/spec/http/0/mirrors/0/destination/subset", equivalents: ["KIA1107", "IST0101"]),
    Row(
      name: "empty subset",
      objects: [
        rule, vs("a", #"{"hosts":["cart"],"http":[{"route":[{"destination":{"host":"cart","subset":"v9"}}]}]}"#),
      ],
      code: "MD1120", pointer: "/spec/http/0/route/0/destination/subset", equivalents: ["IST0173", "KIA0203"]),
    Row(
      name: "overlapping hosts",
      objects: [
        vs("a", #"{"hosts":["cart"],"http":[{"route":[{"destination":{"host":"cart"}}]}]}"#),
        vs("b", #"{"hosts":["cart.shop.svc.cluster.local"],"http":[{"route":[{"destination":{"host":"cart"}}]}]}"#),
      ], code: "MD1106", pointer: "/spec/hosts/0", equivalents: ["KIA1106", "IST0109"]),
    Row(
      name: "rule after a match-all",
      objects: [
        vs(
          "a",
          #"{"hosts":["cart"],"http":[{"route":[{"destination":{"host":"cart"}}]},{"match":[{"uri":{"prefix":"/x"}}],"route":[{"destination":{"host":"cart"}}]}]}"#
        )
      ],
      code: "MD1130", pointer: "/spec/http/1", equivalents: ["IST0130"]),
    Row(
      name: "rule after an identical match",
      objects: [
        vs(
          "a",
          #"{"hosts":["cart"],"http":[{"match":[{"name":"p","headers":{"a":{"exact":"b"}}}],"route":[{"destination":{"host":"cart"}}]},{"match":[{"headers":{"a":{"exact":"b"}}}],"route":[{"destination":{"host":"cart"}}]}]}"#
        )
      ],
      code: "MD1130", pointer: "/spec/http/1", equivalents: ["IST0130"]),
    Row(
      name: "one condition taken",
      objects: [
        vs(
          "a",
          #"{"hosts":["cart"],"http":[{"match":[{"uri":{"prefix":"/a"}}],"route":[{"destination":{"host":"cart"}}]},{"match":[{"uri":{"prefix":"/a/b"}},{"uri":{"prefix":"/c"}}],"route":[{"destination":{"host":"cart"}}]}]}"#
        )
      ],
      code: "MD1131", pointer: "/spec/http/1/match", equivalents: ["IST0131"]),
    Row(
      name: "zero sum",
      objects: [
        vs(
          "a",
          #"{"hosts":["cart"],"http":[{"route":[{"destination":{"host":"cart"},"weight":0},{"destination":{"host":"web"}}]}]}"#
        )
      ],
      code: "MD1103", pointer: "/spec/http/0/route", equivalents: ["IST0106"]),
    Row(
      name: "negative weight",
      objects: [
        vs(
          "a",
          #"{"hosts":["cart"],"http":[{"route":[{"destination":{"host":"cart"},"weight":9},{"destination":{"host":"web"},"weight":-1}]}]}"#
        )
      ],
      code: "MD1103", pointer: "/spec/http/0/route/1/weight", equivalents: ["IST0106"]),
    Row(
      name: "single destination with a weight",
      objects: [vs("a", #"{"hosts":["cart"],"http":[{"route":[{"destination":{"host":"cart"},"weight":50}]}]}"#)],
      code: "MD1104", pointer: "/spec/http/0/route/0/weight", equivalents: ["KIA1104"]),
    Row(
      name: "same destination twice",
      objects: [
        vs(
          "a",
          #"{"hosts":["cart"],"http":[{"route":[{"destination":{"host":"cart"},"weight":1},{"destination":{"host":"cart.shop.svc.cluster.local"},"weight":1}]}]}"#
        )
      ],
      code: "MD1105", pointer: "/spec/http/0/route/1/destination", equivalents: ["KIA1105"]),
    Row(
      name: "host written twice",
      objects: [vs("a", #"{"hosts":["cart","cart"],"http":[{"route":[{"destination":{"host":"cart"}}]}]}"#)],
      code: "MD1106", pointer: "/spec/hosts/1", equivalents: []),
    Row(
      name: "missing gateway", objects: [vs("a", #"{"hosts":["x.example"],"gateways":["nosuch"],"http":[]}"#)],
      code: "MD1102", pointer: "/spec/gateways/0", equivalents: ["KIA1102", "IST0101"]),
    Row(
      name: "host no listener accepts",
      objects: [gateway("cart"), vs("a", #"{"hosts":["x.test"],"gateways":["gw"],"http":[]}"#)],
      code: "MD1132", pointer: "/spec/hosts/0", equivalents: ["IST0132"]),
    Row(
      name: "delegate that is not there",
      objects: [vs("a", #"{"hosts":["cart"],"http":[{"delegate":{"name":"nosuch"}}]}"#)],
      code: "MD1121", pointer: "/spec/http/0/delegate", equivalents: ["IST0101"]),
    Row(
      name: "fault without a percentage",
      objects: [
        vs(
          "a",
          #"{"hosts":["cart"],"http":[{"fault":{"delay":{"fixedDelay":"2s"}},"route":[{"destination":{"host":"cart"}}]}]}"#
        )
      ],
      code: "MD1122", pointer: "/spec/http/0/fault/delay", equivalents: []),
    Row(
      name: "gateway without workload", objects: [gateway("nosuch")], code: "MD0302", pointer: "/spec/selector",
      equivalents: ["KIA0302", "IST0101"]),
    Row(
      name: "two listeners for one host", objects: [gateway("cart"), gateway("cart", "other")], code: "MD0301",
      pointer: "/spec/servers/0/hosts/0", equivalents: ["KIA0301", "IST0145"]),
    Row(
      name: "two policies for a namespace", objects: [],
      peers: {
        $0.peer("a", in: "shop", .strict)
        $0.peer("b", in: "shop", .disable, age: 200)
      }, code: "MD0002", pointer: "/spec", equivalents: ["KIA0002"]),
    Row(
      name: "two policies for a workload", objects: [],
      peers: {
        $0.peer("a", in: "shop", .strict, selector: ["app": "cart"])
        $0.peer("b", in: "shop", .strict, selector: ["version": "v1"], age: 200)
      }, code: "MD0003", pointer: "/spec/selector", equivalents: ["KIA0003"]),
    Row(
      name: "selector that matches nothing", objects: [],
      peers: { $0.peer("a", in: "shop", .strict, selector: ["app": "x"]) },
      code: "MD0004", pointer: "/spec/selector/matchLabels", equivalents: ["KIA0004", "IST0127"]),
    Row(
      name: "selector in the root namespace", objects: [],
      peers: { $0.peer("a", in: "istio-system", .strict, selector: ["app": "cart"]) },
      code: "MD0006", pointer: "/spec/selector", equivalents: ["IST0166"]),
    Row(
      name: "ports without a selector", objects: [],
      peers: { $0.peer("a", in: "shop", .strict, ports: [80: .disable]) }, code: "MD0007",
      pointer: "/spec/portLevelMtls", equivalents: ["IST0106"]),
    Row(
      name: "DISABLE against STRICT",
      objects: [IstioClientChoiceTests.rule("d", "shop", IstioClientChoiceTests.disable)],
      peers: { $0.peer("a", in: "shop", .strict) }, code: "MD0501", pointer: "/spec/trafficPolicy/tls/mode",
      equivalents: ["KIA0207", "KIA0205"]),
    Row(
      name: "ISTIO_MUTUAL against DISABLE",
      objects: [IstioClientChoiceTests.rule("d", "shop", IstioClientChoiceTests.mutual)],
      peers: { $0.peer("a", in: "shop", .disable) }, code: "MD0501", pointer: "/spec/trafficPolicy/tls/mode",
      equivalents: ["KIA0208", "KIA0505"]),
    Row(
      name: "ISTIO_MUTUAL against no proxy",
      objects: [IstioClientChoiceTests.rule("d", "shop", IstioClientChoiceTests.mutual, host: "legacy")],
      code: "MD0501",
      pointer: "/spec/trafficPolicy/tls/mode", equivalents: ["KIA0208", "KIA0505"]),
    Row(
      name: "STRICT and no proxy", objects: [], peers: { $0.peer("a", in: "shop", .strict) }, code: "MD0504",
      pointer: "",
      equivalents: ["IST0103"]),
    Row(
      name: "no proxy in an injected namespace", objects: [],
      peers: {
        $0.snapshot.apply(
          .upsert(
            .namespace(Namespace(ref: SmallMesh.ref("namespace", "", "shop"), labels: ["istio-injection": "enabled"]))))
      }, code: "MD0103", pointer: "", equivalents: ["IST0103"]),
    Row(
      name: "unknown host of a DestinationRule",
      objects: [IstioClientChoiceTests.rule("d", "shop", #""subsets":[]"#, host: "nosuch")],
      code: "MD0202", pointer: "/spec/host", equivalents: ["KIA0202", "IST0174"]),
    Row(
      name: "labels that match nothing", objects: [rule], code: "MD0203", pointer: "/spec/subsets/1/labels",
      equivalents: ["KIA0203", "IST0173"]),
    Row(
      name: "subset without labels", objects: [rule], code: "MD0209", pointer: "/spec/subsets/2",
      equivalents: ["KIA0209"]),
    Row(
      name: "two DestinationRules for a host",
      objects: [rule, IstioClientChoiceTests.rule("second", "shop", #""subsets":[]"#, host: "cart")],
      code: "MD0201", pointer: "/spec/host", equivalents: ["KIA0201"]),
    Row(
      name: "principals without mTLS",
      objects: [
        #"{"apiVersion":"security.istio.io/v1","kind":"AuthorizationPolicy","metadata":{"name":"p","namespace":"shop"},"spec":{"selector":{"matchLabels":{"app":"cart"}},"rules":[{"from":[{"source":{"principals":["x"]}}]}]}}"#
      ], peers: { $0.peer("a", in: "shop", .disable) }, code: "MD0105", pointer: "/spec/rules", equivalents: ["KIA0105"]
    ),
  ]

  static func base() -> SmallMesh {
    var mesh = SmallMesh()
    mesh.add("cart")
    mesh.add("web")
    mesh.add("legacy", proxy: .none)
    return mesh
  }

  @Test(arguments: rows)
  func findsTheProblem(row: Row) throws {
    var mesh = Self.base()
    for text in row.objects {
      for entity in try IstioFixtures.entities(text: text) { mesh.snapshot.apply(.upsert(entity)) }
    }
    row.peers(&mesh)
    let findings = IstioAnalysis(mesh.snapshot, plane: "lab").findings()
    let found = try #require(findings.first { $0.code == row.code }, "found only \(findings.map(\.code))")
    #expect(found.pointer == row.pointer)
    #expect(found.equivalents == row.equivalents)
    #expect(!found.message.isEmpty)
    #expect(!found.remedy.isEmpty)
  }

  @Test func findsNothingInAMeshThatIsWell() throws {
    var mesh = SmallMesh()
    mesh.add("cart", version: "v1")
    mesh.add("cart", version: "v2")
    try mesh.add(
      objects: IstioClientChoiceTests.rule(
        "cart", "shop",
        #""trafficPolicy":{"tls":{"mode":"ISTIO_MUTUAL"}},"subsets":[{"name":"v1","labels":{"version":"v1"}},{"name":"v2","labels":{"version":"v2"}}]"#
      ),
      Self.vs(
        "cart",
        #"{"hosts":["cart","cart.shop.svc.cluster.local"],"http":[{"match":[{"uri":{"prefix":"/a"}}],"route":[{"destination":{"host":"cart","subset":"v1"}}]},{"route":[{"destination":{"host":"cart","subset":"v1"},"weight":8},{"destination":{"host":"cart","subset":"v2"},"weight":1}]}]}"#
      ))
    mesh.peer(in: "shop", .strict)
    #expect(IstioAnalysis(mesh.snapshot, plane: "lab").findings() == [])
  }

  @Test func saysNothingOfHostsAndInstancesItWasNotTold() throws {
    var mesh = SmallMesh()
    try mesh.add(
      objects: Self.rule,
      Self.vs("a", #"{"hosts":["cart"],"http":[{"route":[{"destination":{"host":"nosuch","subset":"v1"}}]}]}"#))
    mesh.peer("w", in: "shop", .strict, selector: ["app": "x"])
    #expect(IstioAnalysis(mesh.snapshot, plane: "lab").findings().map(\.code) == ["MD0209"])
  }

  @Test(
    arguments: [
      (#"{"app":"cart"}"#, "*/a.example", true), (#"{"app":"cart"}"#, "./a.example", false),
      (#"{"version":"v1"}"#, "a.example", true), (#"{"app":"web"}"#, "a.example", false),
      (#"{"app":"cart"}"#, "*.example", false),
    ])
  func listenersAreTheSameWhereOneProxyServesOneHost(selector: String, host: String, isSame: Bool) throws {
    var mesh = Self.base()
    func gateway(_ name: String, _ selector: String, _ host: String) -> String {
      #"{"apiVersion":"networking.istio.io/v1","kind":"Gateway","metadata":{"name":"\#(name)","namespace":"shop"},"spec":{"selector":\#(selector),"servers":[{"port":{"number":80,"protocol":"HTTP"},"hosts":["\#(host)"]}]}}"#
    }
    try mesh.add(objects: gateway("a", #"{"app":"cart"}"#, "a.example"), gateway("b", selector, host))
    #expect(IstioAnalysis(mesh.snapshot, plane: "lab").findings().contains { $0.code == "MD0301" } == isSame)
  }

  @Test(arguments: [("nosuch", true), ("nosuch.web.svc.cluster.local", false), ("api.example.com", false)])
  func saysNothingOfNamespacesThatWereNotRead(host: String, isFound: Bool) throws {
    var mesh = Self.base()
    mesh.snapshot.apply(
      .feed(MeshSnapshot.FeedKey(plane: "lab", kind: "service"), .live(Instant(seconds: 1), within: "shop")))
    try mesh.add(objects: Self.vs("a", #"{"hosts":["cart"],"http":[{"route":[{"destination":{"host":"\#(host)"}}]}]}"#))
    #expect(IstioAnalysis(mesh.snapshot, plane: "lab").findings().contains { $0.code == "MD1101" } == isFound)
  }

  @Test func aNamespaceReadAloneIsAloneThoughItsWatchBroke() throws {
    var mesh = Self.base()
    for ref in Array(mesh.snapshot.services.keys) where ref.namespace != "shop" { mesh.snapshot.apply(.remove(ref)) }
    mesh.snapshot.apply(
      .feed(MeshSnapshot.FeedKey(plane: "lab", kind: "service"), .stale("broken", Instant(seconds: 1))))
    let host = "nosuch.web.svc.cluster.local"
    try mesh.add(objects: Self.vs("a", #"{"hosts":["cart"],"http":[{"route":[{"destination":{"host":"\#(host)"}}]}]}"#))
    #expect(!IstioAnalysis(mesh.snapshot, plane: "lab").findings().contains { $0.code == "MD1101" })
  }

  @Test func aSubsetOfARuleThatIsShadowedIsNotDefined() throws {
    var mesh = Self.base()
    let subsets = #""subsets":[{"name":"v1","labels":{"version":"v1"}}]"#
    try mesh.add(
      objects: IstioClientChoiceTests.rule("wide", "istio-system", subsets),
      Self.vs("a", #"{"hosts":["cart"],"http":[{"route":[{"destination":{"host":"cart","subset":"v1"}}]}]}"#))
    #expect(IstioAnalysis(mesh.snapshot, plane: "lab").findings().filter { $0.code == "MD1107" } == [])
    try mesh.add(objects: IstioClientChoiceTests.rule("own", "shop", #""trafficPolicy":{}"#))
    let found = try #require(IstioAnalysis(mesh.snapshot, plane: "lab").findings().first { $0.code == "MD1107" })
    #expect(found.message.contains("is defined by istio-system/wide, which is shadowed by shop/own"))
    let route = try #require(mesh.snapshot.routes[SmallMesh.ref("virtualservice", "shop", "a")])
    let target = IstioDialect().routing(in: mesh.snapshot, plane: "lab").target(
      of: route.rules[0].backends[0], in: route)
    #expect(target.workloads == [], "requests for it lead nowhere")
    #expect(
      IstioIndex(mesh.snapshot, plane: "lab").destinations.subsetNames(
        host: "cart.shop.svc.cluster.local", serviceNamespace: "shop", callerNamespace: "shop") == [])
  }

  @Test func aPolicyOfAWaypointIsNotJudgedByTheModeOfItsNamespace() throws {
    var mesh = Self.base()
    mesh.peer(in: "shop", .disable)
    func found(_ target: String) throws -> Bool {
      var mesh = mesh
      try mesh.add(
        objects:
          #"{"apiVersion":"security.istio.io/v1","kind":"AuthorizationPolicy","metadata":{"name":"p","namespace":"shop"},"spec":{\#(target)"rules":[{"from":[{"source":{"principals":["x"]}}]}]}}"#
      )
      return IstioAnalysis(mesh.snapshot, plane: "lab").findings().contains { $0.code == "MD0105" }
    }
    #expect(try found(""))
    #expect(try !found(#""targetRefs":[{"kind":"Service","name":"cart"}],"#))
  }

  @Test func routesKeptToTheirNamespacesDoNotOverlap() throws {
    var mesh = Self.base()
    for namespace in ["a", "b"] {
      try mesh.add(
        objects: Self.vs(
          "x",
          #"{"hosts":["cart.shop.svc.cluster.local"],"exportTo":["."],"http":[{"route":[{"destination":{"host":"cart.shop.svc.cluster.local"}}]}]}"#,
          namespace: namespace))
    }
    #expect(!IstioAnalysis(mesh.snapshot, plane: "lab").findings().contains { $0.code == "MD1106" })
  }
}

@Suite struct IstioHostTests {
  @Test(arguments: [
    ("reviews", "reviews.shop.svc.cluster.local"), ("reviews.other", "reviews.other"), ("*.example", "*.example"),
    ("*", "*"),
    ("a.b.svc.cluster.local", "a.b.svc.cluster.local"),
  ])
  func completesOnlyNamesWithoutADot(host: String, expected: String) {
    #expect(IstioHost.resolved(host, namespace: "shop", domain: "cluster.local") == expected)
  }

  @Test(arguments: [
    ("*", "a.b", true), ("*.b", "a.b", true), ("*.b", "b", false), ("a.b", "a.b", true), ("a.b", "c.b", false),
    ("*.b", "*.a.b", true),
    ("*.a.b", "*.b", false),
  ])
  func wildcardsCoverWhatEndsAlike(pattern: String, host: String, expected: Bool) {
    #expect(IstioHost.matches(pattern: pattern, host: host) == expected)
  }

  @Test func whatSaysNothingIsVisibleWhereTheMeshSays() throws {
    var settings = MeshSettings()
    (settings.serviceExportTo, settings.routeExportTo, settings.destinationExportTo) = (["."], ["."], ["."])
    var mesh = SmallMesh(settings: settings)
    mesh.add("cart")
    try mesh.add(
      objects: IstioClientChoiceTests.rule("cart", "shop", #""subsets":[{"name":"v1","labels":{"version":"v1"}}]"#))
    let host = "cart.shop.svc.cluster.local"
    func isVisible(in namespace: String) -> [Bool] {
      let index = IstioIndex(mesh.snapshot, plane: "lab")
      return [
        index.hosts.service(resolved: host, visibleIn: namespace) != nil,
        !index.destinations.subsetNames(host: host, serviceNamespace: "shop", callerNamespace: namespace).isEmpty,
      ]
    }
    #expect(isVisible(in: "shop") == [true, true])
    #expect(isVisible(in: "web") == [false, false])
    var service = try mesh.service("cart")
    service.exportTo = ["*"]
    mesh.snapshot.apply(.upsert(.service(service)))
    #expect(isVisible(in: "web") == [true, false])
    for namespace in ["a", "b"] {
      try mesh.add(
        objects: IstioAnalysisTests.vs(
          "x",
          #"{"hosts":["cart.shop.svc.cluster.local"],"http":[{"route":[{"destination":{"host":"cart.shop.svc.cluster.local"}}]}]}"#,
          namespace: namespace))
    }
    #expect(!IstioAnalysis(mesh.snapshot, plane: "lab").findings().contains { $0.code == "MD1106" })
  }

  @Test(
    arguments: [
      ([], true), (["*"], true), (["."], false), (["web"], true), (["data"], false), ([".", "web"], true),
    ] as [([String], Bool)])
  func exportsAsWritten(exportTo: [String], expected: Bool) {
    #expect(IstioHost.isExported(exportTo, from: "shop", to: "web") == expected)
  }
}
