import MeshModel

/// What a user may do, and who they are: reviews, which are created and never stored.
extension KubernetesAPIServer {
  /// A review's kind, by group and plural.
  static let reviews: [(group: String, plural: String, kind: String)] = [
    ("authentication.k8s.io", "selfsubjectreviews", "SelfSubjectReview"),
    ("authorization.k8s.io", "selfsubjectaccessreviews", "SelfSubjectAccessReview"),
    ("authorization.k8s.io", "selfsubjectrulesreviews", "SelfSubjectRulesReview"),
  ]

  /// The answer to a review, or `nil` where the request is none.
  func review(_ request: APIRequest, user: APIUser) throws(APIStatus) -> APIAnswer? {
    let segments = request.segments
    guard segments.count == 4, segments[0] == "apis", segments[2] == "v1",
      let review = Self.reviews.first(where: { $0.group == segments[1] && $0.plural == segments[3] })
    else { return nil }
    guard request.method == "POST" else { throw .methodNotAllowed }
    let sent = try tree(request)
    var answer: JSONValue = [
      "kind": .string(review.kind), "apiVersion": .string("\(review.group)/v1"), "metadata": [:],
      "spec": sent["spec"] ?? [:],
    ]
    switch review.kind {
    case "SelfSubjectReview":
      answer["spec"] = nil
      answer["status"] = [
        "userInfo": [
          "username": .string(user.name), "groups": .array(user.groups.map { .string($0) }),
        ]
      ]
    case "SelfSubjectAccessReview":
      answer["status"] = ["allowed": .bool(isAllowed(sent["spec"], user))]
    default:
      answer["spec"] = [:]
      answer["status"] = [
        "resourceRules": .array(
          user.rules.map { rule in
            [
              "verbs": .array(rule.verbs.map { .string($0) }), "apiGroups": .array(rule.groups.map { .string($0) }),
              "resources": .array(rule.resources.map { .string($0) }),
            ]
          } + [
            [
              "verbs": ["create"], "apiGroups": ["authorization.k8s.io"],
              "resources": ["selfsubjectaccessreviews", "selfsubjectrulesreviews"],
            ],
            ["verbs": ["create"], "apiGroups": ["authentication.k8s.io"], "resources": ["selfsubjectreviews"]],
          ]),
        "nonResourceRules": [
          ["verbs": ["get"], "nonResourceURLs": ["/api", "/api/*", "/apis", "/apis/*", "/healthz", "/version"]]
        ],
        "incomplete": false,
      ]
    }
    return APIAnswer(answer, status: 201)
  }

  private func isAllowed(_ spec: JSONValue?, _ user: APIUser) -> Bool {
    guard let asked = spec?["resourceAttributes"] else {
      return spec?["nonResourceAttributes"]?["verb"]?.string == "get" || user.rules.contains(APIUser.Rule())
    }
    let namespace = asked["namespace"]?.string.flatMap { $0.isEmpty ? nil : $0 }
    let subresource = asked["subresource"]?.string.flatMap { $0.isEmpty ? nil : "/\($0)" } ?? ""
    return user.allows(
      asked["verb"]?.string ?? "", group: asked["group"]?.string ?? "",
      resource: (asked["resource"]?.string ?? "") + subresource, namespace: namespace)
  }
}
