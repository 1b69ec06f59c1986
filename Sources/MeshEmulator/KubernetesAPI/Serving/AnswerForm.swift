import Foundation

/// The form of answer a client accepts for objects and lists.
enum AnswerForm: Sendable, Hashable {
  /// Whole objects.
  case objects
  /// A table for people, in this version of `meta.k8s.io`.
  case table(String)
  /// Objects without all but their metadata, in this version of `meta.k8s.io`.
  case metadata(String)

  /// Chooses the first form of an `Accept` header that is served.
  ///
  /// - Throws: 406 where none is.
  init(accept: String) throws(APIStatus) {
    let clauses = accept.split(separator: ",").map { clause in
      clause.split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces) }
    }
    if clauses.isEmpty {
      self = .objects
      return
    }
    for clause in clauses {
      guard let type = clause.first, ["application/json", "*/*", "application/*"].contains(type) else { continue }
      var parameters: [String: String] = [:]
      for parameter in clause.dropFirst() {
        let pair = parameter.split(separator: "=", maxSplits: 1).map(String.init)
        if pair.count == 2 { parameters[pair[0]] = pair[1] }
      }
      guard let form = parameters["as"] else {
        self = .objects
        return
      }
      guard parameters["g"] == "meta.k8s.io", let version = parameters["v"], ["v1", "v1beta1"].contains(version) else {
        continue
      }
      switch form {
      case "Table":
        self = .table(version)
        return
      case "PartialObjectMetadata", "PartialObjectMetadataList":
        self = .metadata(version)
        return
      default: continue
      }
    }
    throw .notAcceptable([
      "application/json", "application/yaml", "application/vnd.kubernetes.protobuf",
    ])
  }
}
