extension SchemaText {
  /// The fields of Linkerd's kinds, from the schemas of its custom resource definitions.
  static let linkerd = #"""
    $Linkerd.AuthorizationPolicy = {spec!:{requiredAuthenticationRefs!:[{group:s,kind!:s,name!:s,namespace:s}],
      targetRef!:{group:s,kind!:s,name!:s}},status:*}
    $Linkerd.EgressNetwork = {spec!:{networks:[{cidr!:s,except:[s]}],trafficPolicy!:e(Allow|Deny)},status:*}
    $Linkerd.ExternalWorkload = {spec!:{meshTLS!:{identity!:s,serverName!:s},ports:[{name:s,port!:i,protocol:s}],
      workloadIPs:[{ip:s}]},status:*}
    $Linkerd.HTTPLocalRateLimitPolicy = {spec!:{identity:{requestsPerSecond!:i},overrides:[{clientRefs!:[{group:s,
      kind!:s,name!:s,namespace:s}],requestsPerSecond!:i}],targetRef!:{group:s,kind!:s,name!:s},total:{
      requestsPerSecond!:i}},status:*}
    $Linkerd.HTTPRoute = {spec!:{hostnames:[s],parentRefs:[{group:s,kind:s,name!:s,namespace:s,port:i,
      sectionName:s}],rules:[{backendRefs:[{filters:[{requestHeaderModifier:{add:[{name!:s,value!:s};name],remove:[
      s],set:[{name!:s,value!:s};name]},requestRedirect:{hostname:s,path:{replaceFullPath:s,replacePrefixMatch:s,
      type!:e(ReplaceFullPath|ReplacePrefixMatch)},port:i,scheme:e(http|https),statusCode:i},
      responseHeaderModifier:{add:[{name!:s,value!:s};name],remove:[s],set:[{name!:s,value!:s};name]},
      type!:e(RequestHeaderModifier|ResponseHeaderModifier|RequestRedirect)}],group:s,kind:s,name!:s,namespace:s,
      port:i,weight:i}],filters:[{requestHeaderModifier:{add:[{name!:s,value!:s};name],remove:[s],set:[{name!:s,
      value!:s};name]},requestRedirect:{hostname:s,path:{replaceFullPath:s,replacePrefixMatch:s,
      type!:e(ReplaceFullPath|ReplacePrefixMatch)},port:i,scheme:e(http|https),statusCode:i},
      type!:e(RequestHeaderModifier|RequestRedirect)}],matches:[{headers:[{name!:s,type:e(Exact|RegularExpression),
      value!:s};name],method:e(GET|HEAD|POST|PUT|DELETE|CONNECT|OPTIONS|TRACE|PATCH),path:{type:e(Exact|PathPrefix|
      RegularExpression),value:s},queryParams:[{name!:s,type:e(Exact|RegularExpression),value!:s};name]}],timeouts:{
      backendRequest:s,request:s}}]},status:*}
    $Linkerd.MeshTLSAuthentication = {spec!:{identities:[s],identityRefs:[{group:s,kind!:s,name:s,namespace:s}]},
      status:*}
    $Linkerd.NetworkAuthentication = {spec!:{networks!:[{cidr!:s,except:[s]}]},status:*}
    $Linkerd.ServerAuthorization = {spec!:{client!:{meshTLS:{identities:[s],serviceAccounts:[{name!:s,namespace:s}],
      unauthenticatedTLS:b},networks:[{cidr!:s,except:[s]}],unauthenticated:b},server!:{name:s,selector:{
      matchExpressions:[{key!:s,operator!:e(In|NotIn|Exists|DoesNotExist),values:[s]}],matchLabels:*}}},status:*}
    $Linkerd.Server = {spec!:{accessPolicy:s,externalWorkloadSelector:{matchExpressions:[{key!:s,operator!:e(In|
      NotIn|Exists|DoesNotExist),values:[s]}],matchLabels:*},podSelector:{matchExpressions:[{key!:s,operator!:e(In|
      NotIn|Exists|DoesNotExist),values:[s]}],matchLabels:*},port!:x,proxyProtocol:s},status:*}
    $Linkerd.ServiceProfile = {spec:{dstOverrides:[{authority:s,weight:x}],opaquePorts:[s],retryBudget:{
      minRetriesPerSecond!:i,retryRatio!:n,ttl!:s},routes:[{condition!:{all:[*],any:[*],method:s,not:[*],
      pathRegex:s},isRetryable:b,name!:s,responseClasses:[{condition!:{all:[*],any:[*],not:*,status:*},
      isFailure:b}],timeout:s}]},status:*}
    """#
}
