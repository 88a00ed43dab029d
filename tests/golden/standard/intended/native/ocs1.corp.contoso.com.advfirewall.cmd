@echo off
rem Lets in what the plan's flows need. Rules of the same names are replaced, others stay. Windows Server 2008 or
rem newer; on older ones the same exceptions are set by hand. Not run on a Windows host yet.

netsh advfirewall firewall delete rule name="ocs2007r2.flow.client-to-front-end-sip-tls@ocs1.corp.contoso.com:first_pool" >nul 2>&1
netsh advfirewall firewall add rule name="ocs2007r2.flow.client-to-front-end-sip-tls@ocs1.corp.contoso.com:first_pool" dir=in action=allow protocol=tcp localip=10.20.0.11 remoteip=10.21.0.0/24 localport=5061 description="ocs2007r2.flow.client-to-front-end-sip-tls"

netsh advfirewall firewall delete rule name="ocs2007r2.flow.live-meeting-to-front-end-sip-tls@ocs1.corp.contoso.com:first_pool" >nul 2>&1
netsh advfirewall firewall add rule name="ocs2007r2.flow.live-meeting-to-front-end-sip-tls@ocs1.corp.contoso.com:first_pool" dir=in action=allow protocol=tcp localip=10.20.0.11 remoteip=10.21.0.0/24 localport=5061 description="ocs2007r2.flow.live-meeting-to-front-end-sip-tls"

netsh advfirewall firewall delete rule name="ocs2007r2.flow.live-meeting-to-web-conferencing@ocs1.corp.contoso.com:first_pool" >nul 2>&1
netsh advfirewall firewall add rule name="ocs2007r2.flow.live-meeting-to-web-conferencing@ocs1.corp.contoso.com:first_pool" dir=in action=allow protocol=tcp localip=10.20.0.11 remoteip=10.21.0.0/24 localport=8057 description="ocs2007r2.flow.live-meeting-to-web-conferencing"

netsh advfirewall firewall delete rule name="ocs2007r2.flow.client-to-web-components@ocs1.corp.contoso.com:first_pool" >nul 2>&1
netsh advfirewall firewall add rule name="ocs2007r2.flow.client-to-web-components@ocs1.corp.contoso.com:first_pool" dir=in action=allow protocol=tcp localip=10.20.0.11 remoteip=10.21.0.0/24 localport=443 description="ocs2007r2.flow.client-to-web-components"

netsh advfirewall firewall delete rule name="ocs2007r2.flow.edge-to-next-hop-sip@edge1.corp.contoso.com>ocs1.corp.contoso.com:external_access" >nul 2>&1
netsh advfirewall firewall add rule name="ocs2007r2.flow.edge-to-next-hop-sip@edge1.corp.contoso.com>ocs1.corp.contoso.com:external_access" dir=in action=allow protocol=tcp localip=10.20.0.11 remoteip=10.30.0.31 localport=5061 description="ocs2007r2.flow.edge-to-next-hop-sip"

netsh advfirewall firewall delete rule name="ocs2007r2.flow.reverse-proxy-to-web-components@ocs1.corp.contoso.com:external_access" >nul 2>&1
netsh advfirewall firewall add rule name="ocs2007r2.flow.reverse-proxy-to-web-components@ocs1.corp.contoso.com:external_access" dir=in action=allow protocol=tcp localip=10.20.0.11 remoteip=10.30.0.21 localport=443 description="ocs2007r2.flow.reverse-proxy-to-web-components"

netsh advfirewall firewall delete rule name="ocs2007r2.flow.server-to-front-end-sip-tls@ocs1.corp.contoso.com:first_pool" >nul 2>&1
netsh advfirewall firewall add rule name="ocs2007r2.flow.server-to-front-end-sip-tls@ocs1.corp.contoso.com:first_pool" dir=in action=allow protocol=tcp localip=10.20.0.11 remoteip=10.20.0.11 localport=5061 description="ocs2007r2.flow.server-to-front-end-sip-tls"

netsh advfirewall firewall delete rule name="ocs2007r2.flow.front-end-to-web-components@ocs1.corp.contoso.com:first_pool" >nul 2>&1
netsh advfirewall firewall add rule name="ocs2007r2.flow.front-end-to-web-components@ocs1.corp.contoso.com:first_pool" dir=in action=allow protocol=tcp localip=10.20.0.11 remoteip=10.20.0.11 localport=443 description="ocs2007r2.flow.front-end-to-web-components"

netsh advfirewall firewall delete rule name="ocs2007r2.flow.focus-to-conferencing@ocs1.corp.contoso.com:first_pool" >nul 2>&1
netsh advfirewall firewall add rule name="ocs2007r2.flow.focus-to-conferencing@ocs1.corp.contoso.com:first_pool" dir=in action=allow protocol=tcp localip=10.20.0.11 remoteip=10.20.0.11 localport=444 description="ocs2007r2.flow.focus-to-conferencing"

netsh advfirewall firewall delete rule name="ocs2007r2.flow.conferencing-to-focus@ocs1.corp.contoso.com:first_pool" >nul 2>&1
netsh advfirewall firewall add rule name="ocs2007r2.flow.conferencing-to-focus@ocs1.corp.contoso.com:first_pool" dir=in action=allow protocol=tcp localip=10.20.0.11 remoteip=10.20.0.11 localport=444 description="ocs2007r2.flow.conferencing-to-focus"

netsh advfirewall firewall delete rule name="ocs2007r2.flow.front-end-to-im-conferencing@ocs1.corp.contoso.com:first_pool" >nul 2>&1
netsh advfirewall firewall add rule name="ocs2007r2.flow.front-end-to-im-conferencing@ocs1.corp.contoso.com:first_pool" dir=in action=allow protocol=tcp localip=10.20.0.11 remoteip=10.20.0.11 localport=5062 description="ocs2007r2.flow.front-end-to-im-conferencing"

netsh advfirewall firewall delete rule name="ocs2007r2.flow.front-end-to-av-conferencing@ocs1.corp.contoso.com:first_pool" >nul 2>&1
netsh advfirewall firewall add rule name="ocs2007r2.flow.front-end-to-av-conferencing@ocs1.corp.contoso.com:first_pool" dir=in action=allow protocol=tcp localip=10.20.0.11 remoteip=10.20.0.11 localport=5063 description="ocs2007r2.flow.front-end-to-av-conferencing"

netsh advfirewall firewall delete rule name="ocs2007r2.flow.front-end-to-telephony-conferencing@ocs1.corp.contoso.com:first_pool" >nul 2>&1
netsh advfirewall firewall add rule name="ocs2007r2.flow.front-end-to-telephony-conferencing@ocs1.corp.contoso.com:first_pool" dir=in action=allow protocol=tcp localip=10.20.0.11 remoteip=10.20.0.11 localport=5064 description="ocs2007r2.flow.front-end-to-telephony-conferencing"

netsh advfirewall firewall delete rule name="ocs2007r2.flow.front-end-to-application-sharing@ocs1.corp.contoso.com:first_pool" >nul 2>&1
netsh advfirewall firewall add rule name="ocs2007r2.flow.front-end-to-application-sharing@ocs1.corp.contoso.com:first_pool" dir=in action=allow protocol=tcp localip=10.20.0.11 remoteip=10.20.0.11 localport=5065 description="ocs2007r2.flow.front-end-to-application-sharing"

netsh advfirewall firewall delete rule name="ocs2007r2.flow.client-to-conferencing-media@ocs1.corp.contoso.com:first_pool" >nul 2>&1
netsh advfirewall firewall add rule name="ocs2007r2.flow.client-to-conferencing-media@ocs1.corp.contoso.com:first_pool" dir=in action=allow protocol=udp localip=10.20.0.11 remoteip=10.21.0.0/24 localport=49152-65535 description="ocs2007r2.flow.client-to-conferencing-media"

netsh advfirewall firewall delete rule name="ocs2007r2.flow.front-end-to-sql@ocs1.corp.contoso.com:first_pool" >nul 2>&1
netsh advfirewall firewall add rule name="ocs2007r2.flow.front-end-to-sql@ocs1.corp.contoso.com:first_pool" dir=in action=allow protocol=tcp localip=10.20.0.11 remoteip=10.20.0.11 localport=1433 description="ocs2007r2.flow.front-end-to-sql"
