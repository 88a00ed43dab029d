@echo off
rem IPsec exemptions. Usage: ipsec.cmd POLICY, the name of the IPsec policy that they are added to.
rem ipsec.md has the same as a table. Not run on a Windows host yet.
if "%~1"=="" (echo Usage: %0 POLICY & exit /b 1)
netsh ipsec static add filteraction name="OpenUC permit" action=permit

rem ocs2007r2.ipsec.av-edge-internal-inbound: edge.corp.contoso.com
netsh ipsec static add filterlist name="A/V Edge Server Internal Inbound (edge.corp.contoso.com)"
netsh ipsec static add filter filterlist="A/V Edge Server Internal Inbound (edge.corp.contoso.com)" srcaddr=any dstaddr=10.30.0.31 protocol=TCP srcport=0 dstport=0 mirrored=no
netsh ipsec static add filter filterlist="A/V Edge Server Internal Inbound (edge.corp.contoso.com)" srcaddr=any dstaddr=10.30.0.31 protocol=UDP srcport=0 dstport=0 mirrored=no
netsh ipsec static add filter filterlist="A/V Edge Server Internal Inbound (edge.corp.contoso.com)" srcaddr=any dstaddr=10.30.0.32 protocol=TCP srcport=0 dstport=0 mirrored=no
netsh ipsec static add filter filterlist="A/V Edge Server Internal Inbound (edge.corp.contoso.com)" srcaddr=any dstaddr=10.30.0.32 protocol=UDP srcport=0 dstport=0 mirrored=no
netsh ipsec static add rule name="A/V Edge Server Internal Inbound (edge.corp.contoso.com)" policy="%~1" filterlist="A/V Edge Server Internal Inbound (edge.corp.contoso.com)" filteraction="OpenUC permit"

rem ocs2007r2.ipsec.av-edge-external-inbound: edge.corp.contoso.com
netsh ipsec static add filterlist name="A/V Edge Server External Inbound (edge.corp.contoso.com)"
netsh ipsec static add filter filterlist="A/V Edge Server External Inbound (edge.corp.contoso.com)" srcaddr=any dstaddr=203.0.113.51 protocol=TCP srcport=0 dstport=0 mirrored=no
netsh ipsec static add filter filterlist="A/V Edge Server External Inbound (edge.corp.contoso.com)" srcaddr=any dstaddr=203.0.113.51 protocol=UDP srcport=0 dstport=0 mirrored=no
netsh ipsec static add filter filterlist="A/V Edge Server External Inbound (edge.corp.contoso.com)" srcaddr=any dstaddr=203.0.113.52 protocol=TCP srcport=0 dstport=0 mirrored=no
netsh ipsec static add filter filterlist="A/V Edge Server External Inbound (edge.corp.contoso.com)" srcaddr=any dstaddr=203.0.113.52 protocol=UDP srcport=0 dstport=0 mirrored=no
netsh ipsec static add rule name="A/V Edge Server External Inbound (edge.corp.contoso.com)" policy="%~1" filterlist="A/V Edge Server External Inbound (edge.corp.contoso.com)" filteraction="OpenUC permit"

rem ocs2007r2.ipsec.av-edge-internal-outbound: edge.corp.contoso.com
netsh ipsec static add filterlist name="A/V Edge Server Internal Outbound (edge.corp.contoso.com)"
netsh ipsec static add filter filterlist="A/V Edge Server Internal Outbound (edge.corp.contoso.com)" srcaddr=10.30.0.31 dstaddr=any protocol=TCP srcport=0 dstport=0 mirrored=no
netsh ipsec static add filter filterlist="A/V Edge Server Internal Outbound (edge.corp.contoso.com)" srcaddr=10.30.0.31 dstaddr=any protocol=UDP srcport=0 dstport=0 mirrored=no
netsh ipsec static add filter filterlist="A/V Edge Server Internal Outbound (edge.corp.contoso.com)" srcaddr=10.30.0.32 dstaddr=any protocol=TCP srcport=0 dstport=0 mirrored=no
netsh ipsec static add filter filterlist="A/V Edge Server Internal Outbound (edge.corp.contoso.com)" srcaddr=10.30.0.32 dstaddr=any protocol=UDP srcport=0 dstport=0 mirrored=no
netsh ipsec static add rule name="A/V Edge Server Internal Outbound (edge.corp.contoso.com)" policy="%~1" filterlist="A/V Edge Server Internal Outbound (edge.corp.contoso.com)" filteraction="OpenUC permit"

rem ocs2007r2.ipsec.av-edge-external-outbound: edge.corp.contoso.com
netsh ipsec static add filterlist name="A/V Edge Server External Outbound (edge.corp.contoso.com)"
netsh ipsec static add filter filterlist="A/V Edge Server External Outbound (edge.corp.contoso.com)" srcaddr=203.0.113.51 dstaddr=any protocol=TCP srcport=0 dstport=0 mirrored=no
netsh ipsec static add filter filterlist="A/V Edge Server External Outbound (edge.corp.contoso.com)" srcaddr=203.0.113.51 dstaddr=any protocol=UDP srcport=0 dstport=0 mirrored=no
netsh ipsec static add filter filterlist="A/V Edge Server External Outbound (edge.corp.contoso.com)" srcaddr=203.0.113.52 dstaddr=any protocol=TCP srcport=0 dstport=0 mirrored=no
netsh ipsec static add filter filterlist="A/V Edge Server External Outbound (edge.corp.contoso.com)" srcaddr=203.0.113.52 dstaddr=any protocol=UDP srcport=0 dstport=0 mirrored=no
netsh ipsec static add rule name="A/V Edge Server External Outbound (edge.corp.contoso.com)" policy="%~1" filterlist="A/V Edge Server External Outbound (edge.corp.contoso.com)" filteraction="OpenUC permit"

rem ocs2007r2.ipsec.mediation-inbound: med1.corp.contoso.com
netsh ipsec static add filterlist name="Mediation Server Inbound (med1.corp.contoso.com)"
netsh ipsec static add filter filterlist="Mediation Server Inbound (med1.corp.contoso.com)" srcaddr=any dstaddr=10.20.0.20 protocol=TCP srcport=0 dstport=0 mirrored=no
netsh ipsec static add filter filterlist="Mediation Server Inbound (med1.corp.contoso.com)" srcaddr=any dstaddr=10.20.0.20 protocol=UDP srcport=0 dstport=0 mirrored=no
netsh ipsec static add rule name="Mediation Server Inbound (med1.corp.contoso.com)" policy="%~1" filterlist="Mediation Server Inbound (med1.corp.contoso.com)" filteraction="OpenUC permit"

rem ocs2007r2.ipsec.mediation-outbound: med1.corp.contoso.com
netsh ipsec static add filterlist name="Mediation Server Outbound (med1.corp.contoso.com)"
netsh ipsec static add filter filterlist="Mediation Server Outbound (med1.corp.contoso.com)" srcaddr=10.20.0.20 dstaddr=any protocol=TCP srcport=0 dstport=0 mirrored=no
netsh ipsec static add filter filterlist="Mediation Server Outbound (med1.corp.contoso.com)" srcaddr=10.20.0.20 dstaddr=any protocol=UDP srcport=0 dstport=0 mirrored=no
netsh ipsec static add rule name="Mediation Server Outbound (med1.corp.contoso.com)" policy="%~1" filterlist="Mediation Server Outbound (med1.corp.contoso.com)" filteraction="OpenUC permit"

rem ocs2007r2.ipsec.conferencing-attendant-inbound: pool1.corp.contoso.com
netsh ipsec static add filterlist name="Conferencing Attendant Inbound (pool1.corp.contoso.com)"
netsh ipsec static add filter filterlist="Conferencing Attendant Inbound (pool1.corp.contoso.com)" srcaddr=any dstaddr=10.20.0.11 protocol=TCP srcport=0 dstport=0 mirrored=no
netsh ipsec static add filter filterlist="Conferencing Attendant Inbound (pool1.corp.contoso.com)" srcaddr=any dstaddr=10.20.0.11 protocol=UDP srcport=0 dstport=0 mirrored=no
netsh ipsec static add filter filterlist="Conferencing Attendant Inbound (pool1.corp.contoso.com)" srcaddr=any dstaddr=10.20.0.12 protocol=TCP srcport=0 dstport=0 mirrored=no
netsh ipsec static add filter filterlist="Conferencing Attendant Inbound (pool1.corp.contoso.com)" srcaddr=any dstaddr=10.20.0.12 protocol=UDP srcport=0 dstport=0 mirrored=no
netsh ipsec static add rule name="Conferencing Attendant Inbound (pool1.corp.contoso.com)" policy="%~1" filterlist="Conferencing Attendant Inbound (pool1.corp.contoso.com)" filteraction="OpenUC permit"

rem ocs2007r2.ipsec.conferencing-attendant-outbound: pool1.corp.contoso.com
netsh ipsec static add filterlist name="Conferencing Attendant Outbound (pool1.corp.contoso.com)"
netsh ipsec static add filter filterlist="Conferencing Attendant Outbound (pool1.corp.contoso.com)" srcaddr=10.20.0.11 dstaddr=any protocol=TCP srcport=0 dstport=0 mirrored=no
netsh ipsec static add filter filterlist="Conferencing Attendant Outbound (pool1.corp.contoso.com)" srcaddr=10.20.0.11 dstaddr=any protocol=UDP srcport=0 dstport=0 mirrored=no
netsh ipsec static add filter filterlist="Conferencing Attendant Outbound (pool1.corp.contoso.com)" srcaddr=10.20.0.12 dstaddr=any protocol=TCP srcport=0 dstport=0 mirrored=no
netsh ipsec static add filter filterlist="Conferencing Attendant Outbound (pool1.corp.contoso.com)" srcaddr=10.20.0.12 dstaddr=any protocol=UDP srcport=0 dstport=0 mirrored=no
netsh ipsec static add rule name="Conferencing Attendant Outbound (pool1.corp.contoso.com)" policy="%~1" filterlist="Conferencing Attendant Outbound (pool1.corp.contoso.com)" filteraction="OpenUC permit"

rem ocs2007r2.ipsec.av-conferencing-inbound: pool1.corp.contoso.com
netsh ipsec static add filterlist name="A/V Conferencing Inbound (pool1.corp.contoso.com)"
netsh ipsec static add filter filterlist="A/V Conferencing Inbound (pool1.corp.contoso.com)" srcaddr=any dstaddr=10.20.0.11 protocol=TCP srcport=0 dstport=0 mirrored=no
netsh ipsec static add filter filterlist="A/V Conferencing Inbound (pool1.corp.contoso.com)" srcaddr=any dstaddr=10.20.0.11 protocol=UDP srcport=0 dstport=0 mirrored=no
netsh ipsec static add filter filterlist="A/V Conferencing Inbound (pool1.corp.contoso.com)" srcaddr=any dstaddr=10.20.0.12 protocol=TCP srcport=0 dstport=0 mirrored=no
netsh ipsec static add filter filterlist="A/V Conferencing Inbound (pool1.corp.contoso.com)" srcaddr=any dstaddr=10.20.0.12 protocol=UDP srcport=0 dstport=0 mirrored=no
netsh ipsec static add rule name="A/V Conferencing Inbound (pool1.corp.contoso.com)" policy="%~1" filterlist="A/V Conferencing Inbound (pool1.corp.contoso.com)" filteraction="OpenUC permit"

rem ocs2007r2.ipsec.av-conferencing-outbound: pool1.corp.contoso.com
netsh ipsec static add filterlist name="A/V Conferencing Server Outbound (pool1.corp.contoso.com)"
netsh ipsec static add filter filterlist="A/V Conferencing Server Outbound (pool1.corp.contoso.com)" srcaddr=10.20.0.11 dstaddr=any protocol=TCP srcport=0 dstport=0 mirrored=no
netsh ipsec static add filter filterlist="A/V Conferencing Server Outbound (pool1.corp.contoso.com)" srcaddr=10.20.0.11 dstaddr=any protocol=UDP srcport=0 dstport=0 mirrored=no
netsh ipsec static add filter filterlist="A/V Conferencing Server Outbound (pool1.corp.contoso.com)" srcaddr=10.20.0.12 dstaddr=any protocol=TCP srcport=0 dstport=0 mirrored=no
netsh ipsec static add filter filterlist="A/V Conferencing Server Outbound (pool1.corp.contoso.com)" srcaddr=10.20.0.12 dstaddr=any protocol=UDP srcport=0 dstport=0 mirrored=no
netsh ipsec static add rule name="A/V Conferencing Server Outbound (pool1.corp.contoso.com)" policy="%~1" filterlist="A/V Conferencing Server Outbound (pool1.corp.contoso.com)" filteraction="OpenUC permit"

rem ocs2007r2.ipsec.exchange-inbound: um1.corp.contoso.com
netsh ipsec static add filterlist name="Exchange Inbound (um1.corp.contoso.com)"
netsh ipsec static add filter filterlist="Exchange Inbound (um1.corp.contoso.com)" srcaddr=any dstaddr=10.20.0.22 protocol=TCP srcport=0 dstport=0 mirrored=no
netsh ipsec static add filter filterlist="Exchange Inbound (um1.corp.contoso.com)" srcaddr=any dstaddr=10.20.0.22 protocol=UDP srcport=0 dstport=0 mirrored=no
netsh ipsec static add rule name="Exchange Inbound (um1.corp.contoso.com)" policy="%~1" filterlist="Exchange Inbound (um1.corp.contoso.com)" filteraction="OpenUC permit"

rem ocs2007r2.ipsec.exchange-outbound: um1.corp.contoso.com
netsh ipsec static add filterlist name="Exchange Outbound (um1.corp.contoso.com)"
netsh ipsec static add filter filterlist="Exchange Outbound (um1.corp.contoso.com)" srcaddr=10.20.0.22 dstaddr=any protocol=TCP srcport=0 dstport=0 mirrored=no
netsh ipsec static add filter filterlist="Exchange Outbound (um1.corp.contoso.com)" srcaddr=10.20.0.22 dstaddr=any protocol=UDP srcport=0 dstport=0 mirrored=no
netsh ipsec static add rule name="Exchange Outbound (um1.corp.contoso.com)" policy="%~1" filterlist="Exchange Outbound (um1.corp.contoso.com)" filteraction="OpenUC permit"

rem ocs2007r2.ipsec.clients: hq
netsh advfirewall consec add rule name="Clients (hq)" endpoint1=10.21.0.0/24 endpoint2=any action=noauthentication protocol=udp port1=1024-65535 port2=any

rem ocs2007r2.ipsec.clients: mobiles
netsh advfirewall consec add rule name="Clients (mobiles)" endpoint1=10.21.0.0/24 endpoint2=any action=noauthentication protocol=udp port1=1024-65535 port2=any

rem ocs2007r2.ipsec.clients: phones
netsh advfirewall consec add rule name="Clients (phones)" endpoint1=10.21.0.0/24 endpoint2=any action=noauthentication protocol=udp port1=1024-65535 port2=any

rem ocs2007r2.ipsec.clients: rooms
netsh advfirewall consec add rule name="Clients (rooms)" endpoint1=10.21.0.0/24 endpoint2=any action=noauthentication protocol=udp port1=1024-65535 port2=any
