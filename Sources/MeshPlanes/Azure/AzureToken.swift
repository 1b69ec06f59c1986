import MeshModel
public import MeshTransport

/// A token for Azure Resource Manager, until when it holds, and where it came from.
public struct AzureToken: Sendable, Hashable {
  /// The bearer token.
  public var value: Secret
  /// When it ends, in seconds since 1970.
  public var expires: Double
  /// Where it came from, in words an operator can check: `client secret of the environment`, `az account`, `instance`.
  public var source: String

  /// A token of its parts.
  public init(value: Secret, expires: Double, source: String) {
    self.value = value
    self.expires = expires
    self.source = source
  }

  /// The claims inside the token; `nil` for one that is none of Microsoft's.
  ///
  /// They are shown and never trusted: the server alone verifies a token. Source: Microsoft identity platform, "Access
  /// token claims reference".
  var claims: JSONValue? {
    let parts = value.reveal.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 3 else { return nil }
    var text = parts[1].replacing("-", with: "+").replacing("_", with: "/")
    text += String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
    return Base64.decode(String(text)).flatMap { try? JSONValue(parsing: $0) }
  }

  /// Who the token makes of its bearer, in words; `nil` where the token does not tell.
  var bearer: String? {
    guard let claims else { return nil }
    func text(_ names: String...) -> String? { names.compactMap { claims[$0]?.string }.first { !$0.isEmpty } }
    let who: String
    if let user = text("upn", "preferred_username", "unique_name", "email") {
      who = "user \(user)"
    } else if let resource = text("xms_mirid")?.split(separator: "/").last {
      who = "managed identity \(resource)"
    } else if let application = text("app_displayname") ?? text("appid", "azp") {
      who = "application \(application)"
    } else if let object = text("oid", "sub") {
      who = "object \(object)"
    } else {
      return nil
    }
    return who + (text("tid").map { " of tenant \($0)" } ?? "")
  }
}

extension AzureToken {
  /// A token from the JSON that Microsoft's token endpoints and metadata services give.
  ///
  /// `expires_in` is a number or its text; `expires_on` is seconds since 1970 in either form. Sources: RFC 6749, 5.1;
  /// Microsoft Entra, "How managed identities for Azure resources work with virtual machines"; App Service, "Connect to
  /// Azure services with managed identity".
  init(document: [UInt8], what: String, source: String, now: Int) throws(MeshError) {
    guard let json = try? JSONValue(parsing: document), let value = json["access_token"]?.string, !value.isEmpty else {
      throw MeshError(.malformed, "\(what): the answer holds no token")
    }
    func seconds(_ name: String) -> Double? { json[name]?.double ?? json[name]?.string.flatMap(Double.init) }
    let expires = seconds("expires_on") ?? seconds("expires_in").map { Double(now) + $0 }
    self.init(value: Secret(value), expires: expires ?? Double(now), source: source)
  }
}
