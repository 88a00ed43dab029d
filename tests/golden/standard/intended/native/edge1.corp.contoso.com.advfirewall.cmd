@echo off
rem Lets in what the plan's flows need. Rules of the same names are replaced, others stay. Windows Server 2008 or
rem newer; on older ones the same exceptions are set by hand. Not run on a Windows host yet.

netsh advfirewall firewall delete rule name="ocs2007r2.flow.user-to-edge-sip@edge1.corp.contoso.com:external_access" >nul 2>&1
netsh advfirewall firewall add rule name="ocs2007r2.flow.user-to-edge-sip@edge1.corp.contoso.com:external_access" dir=in action=allow protocol=tcp localip=10.31.0.31 remoteip=any localport=443 description="ocs2007r2.flow.user-to-edge-sip ocs2007r2.nat.access-edge"

netsh advfirewall firewall delete rule name="ocs2007r2.flow.user-to-web-conferencing-edge@edge1.corp.contoso.com:external_access" >nul 2>&1
netsh advfirewall firewall add rule name="ocs2007r2.flow.user-to-web-conferencing-edge@edge1.corp.contoso.com:external_access" dir=in action=allow protocol=tcp localip=10.31.0.32 remoteip=any localport=443 description="ocs2007r2.flow.user-to-web-conferencing-edge ocs2007r2.nat.web-conferencing-edge"

netsh advfirewall firewall delete rule name="ocs2007r2.flow.user-to-av-edge-tcp@edge1.corp.contoso.com:external_access" >nul 2>&1
netsh advfirewall firewall add rule name="ocs2007r2.flow.user-to-av-edge-tcp@edge1.corp.contoso.com:external_access" dir=in action=allow protocol=tcp localip=10.31.0.33 remoteip=any localport=443 description="ocs2007r2.flow.user-to-av-edge-tcp ocs2007r2.nat.av-edge"

netsh advfirewall firewall delete rule name="ocs2007r2.flow.user-to-av-edge-udp@edge1.corp.contoso.com:external_access" >nul 2>&1
netsh advfirewall firewall add rule name="ocs2007r2.flow.user-to-av-edge-udp@edge1.corp.contoso.com:external_access" dir=in action=allow protocol=udp localip=10.31.0.33 remoteip=any localport=3478 description="ocs2007r2.flow.user-to-av-edge-udp ocs2007r2.nat.av-edge"

netsh advfirewall firewall delete rule name="ocs2007r2.flow.next-hop-to-edge-sip@edge1.corp.contoso.com:external_access" >nul 2>&1
netsh advfirewall firewall add rule name="ocs2007r2.flow.next-hop-to-edge-sip@edge1.corp.contoso.com:external_access" dir=in action=allow protocol=tcp localip=10.30.0.31 remoteip=10.20.0.11 localport=5061 description="ocs2007r2.flow.next-hop-to-edge-sip"

netsh advfirewall firewall delete rule name="ocs2007r2.flow.web-conferencing-to-edge@edge1.corp.contoso.com:external_access" >nul 2>&1
netsh advfirewall firewall add rule name="ocs2007r2.flow.web-conferencing-to-edge@edge1.corp.contoso.com:external_access" dir=in action=allow protocol=tcp localip=10.30.0.31 remoteip=10.20.0.11 localport=8057 description="ocs2007r2.flow.web-conferencing-to-edge"

netsh advfirewall firewall delete rule name="ocs2007r2.flow.server-to-av-edge-tcp@edge1.corp.contoso.com:external_access" >nul 2>&1
netsh advfirewall firewall add rule name="ocs2007r2.flow.server-to-av-edge-tcp@edge1.corp.contoso.com:external_access" dir=in action=allow protocol=tcp localip=10.30.0.31 remoteip=10.20.0.11 localport=443 description="ocs2007r2.flow.server-to-av-edge-tcp"

netsh advfirewall firewall delete rule name="ocs2007r2.flow.client-to-av-edge-tcp@edge1.corp.contoso.com:external_access" >nul 2>&1
netsh advfirewall firewall add rule name="ocs2007r2.flow.client-to-av-edge-tcp@edge1.corp.contoso.com:external_access" dir=in action=allow protocol=tcp localip=10.30.0.31 remoteip=10.21.0.0/24 localport=443 description="ocs2007r2.flow.client-to-av-edge-tcp"

netsh advfirewall firewall delete rule name="ocs2007r2.flow.server-to-av-authentication@edge1.corp.contoso.com:external_access" >nul 2>&1
netsh advfirewall firewall add rule name="ocs2007r2.flow.server-to-av-authentication@edge1.corp.contoso.com:external_access" dir=in action=allow protocol=tcp localip=10.30.0.31 remoteip=10.20.0.11 localport=5062 description="ocs2007r2.flow.server-to-av-authentication"

netsh advfirewall firewall delete rule name="ocs2007r2.flow.server-to-av-edge-udp@edge1.corp.contoso.com:external_access" >nul 2>&1
netsh advfirewall firewall add rule name="ocs2007r2.flow.server-to-av-edge-udp@edge1.corp.contoso.com:external_access" dir=in action=allow protocol=udp localip=10.30.0.31 remoteip=10.20.0.11 localport=3478 description="ocs2007r2.flow.server-to-av-edge-udp"

netsh advfirewall firewall delete rule name="ocs2007r2.flow.client-to-av-edge-udp@edge1.corp.contoso.com:external_access" >nul 2>&1
netsh advfirewall firewall add rule name="ocs2007r2.flow.client-to-av-edge-udp@edge1.corp.contoso.com:external_access" dir=in action=allow protocol=udp localip=10.30.0.31 remoteip=10.21.0.0/24 localport=3478 description="ocs2007r2.flow.client-to-av-edge-udp"
