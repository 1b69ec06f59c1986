import MeshModel

extension ScenarioObjects {
  /// The objects of a generated estate: services with pods, a virtual service of about 2 kB and a destination rule each.
  mutating func emitGenerated(_ generation: Scenario.Generation) throws {
    let base = generation.pods / generation.services
    let extra = generation.pods % generation.services
    for index in 0..<generation.namespaces {
      try emit(
        stamped([
          "apiVersion": "v1", "kind": "Namespace",
          "metadata": [
            "name": .string(GeneratedEstate.namespace(index)),
            "labels": [
              "kubernetes.io/metadata.name": .string(GeneratedEstate.namespace(index)), "istio-injection": "enabled",
            ],
          ],
          "spec": ["finalizers": ["kubernetes"]], "status": ["phase": "Active"],
        ]))
    }
    for index in 0..<generation.services {
      var app = GeneratedEstate.app(index, generation)
      let pods = base + (index < extra ? 1 : 0)
      app.versions[0].replicas = pods - pods / 3
      app.versions[1].replicas = pods / 3
      for version in app.versions.indices { app.versions[version].ready = app.versions[version].replicas }
      try emitApp(app)
      try emit(stamped(GeneratedEstate.virtualService(app, index)))
      try emit(stamped(GeneratedEstate.destinationRule(app)))
    }
  }
}

/// The names and contents of a generated estate, each following from its index.
enum GeneratedEstate {
  static func namespace(_ index: Int) -> String { "team-\(padded(index, 3))" }

  static func padded(_ value: Int, _ digits: Int) -> String {
    let text = String(value)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
  }

  /// One service; the first `active` of them call each other in chains of four that begin at a paced one.
  static func app(_ index: Int, _ generation: Scenario.Generation) -> Scenario.App {
    var app = Scenario.App(
      namespace: namespace(index % generation.namespaces), name: "svc-\(padded(index, 5))")
    app.ports = [.init(name: "http", number: 8_080, target: 8_080)]
    app.versions = [Scenario.Version(name: "v1"), Scenario.Version(name: "v2")]
    app.versions[0].behaviour = .init(p50: 4 + Double(index % 37), p99: 60 + Double(index % 97) * 4, errors: 0.001)
    app.versions[1].behaviour = .init(
      p50: 5 + Double(index % 31), p99: 70 + Double(index % 89) * 4, errors: index % 200 == 7 ? 0.05 : 0.001)
    if index < generation.active, index % 4 != 3, index + 1 < generation.active {
      let next = index + 1
      var call = Scenario.Call(to: "svc-\(padded(next, 5)).\(namespace(next % generation.namespaces))")
      call.path = "/api/v1/items"
      if index % 4 == 0 {
        call.per = 0
        call.rate = 5 + Double(index % 50)
      }
      app.calls = [call]
    }
    return app
  }

  static func virtualService(_ app: Scenario.App, _ index: Int) -> JSONValue {
    let host = JSONValue.string("\(app.name).\(app.namespace).svc.cluster.local")
    func destination(_ subset: String, _ weight: Int? = nil) -> JSONValue {
      var value: JSONValue = ["destination": ["host": host, "port": ["number": 8_080], "subset": .string(subset)]]
      if let weight { value["weight"] = .int(weight) }
      return value
    }
    let canary = [0, 5, 10, 20, 50][index % 5]
    var rules: [JSONValue] = (0..<3).map { rule in
      [
        "name": .string("tenant-\(rule)"),
        "match": [
          [
            "uri": ["prefix": .string("/api/v\(rule + 2)/")],
            "headers": ["x-tenant": ["exact": .string("tenant-\(padded(index, 5))-\(rule)")]],
          ],
          ["uri": ["regex": .string("^/internal/v\(rule + 2)/[a-z]+/[0-9]+$")], "method": ["exact": "POST"]],
        ],
        "route": [destination("v1")],
        "timeout": "3s", "retries": ["attempts": 2, "perTryTimeout": "1s", "retryOn": "5xx,reset,connect-failure"],
      ]
    }
    rules.append([
      "name": "primary", "route": [destination("v1", 100 - canary), destination("v2", canary)], "timeout": "10s",
    ])
    return [
      "apiVersion": "networking.istio.io/v1", "kind": "VirtualService",
      "metadata": [
        "name": .string(app.name), "namespace": .string(app.namespace),
        "labels": ["app": .string(app.name), "team": .string(app.namespace)],
        "annotations": [
          "owner": .string("\(app.namespace)@example.com"), "runbook": .string("runbooks/\(app.namespace)/\(app.name)"),
        ],
      ],
      "spec": ["hosts": [.string(app.name), host], "http": .array(rules)],
    ]
  }

  static func destinationRule(_ app: Scenario.App) -> JSONValue {
    [
      "apiVersion": "networking.istio.io/v1", "kind": "DestinationRule",
      "metadata": ["name": .string(app.name), "namespace": .string(app.namespace)],
      "spec": [
        "host": .string(app.name),
        "subsets": [
          ["name": "v1", "labels": ["version": "v1"]], ["name": "v2", "labels": ["version": "v2"]],
        ],
      ],
    ]
  }
}
