#!/bin/sh
# sh decrypt.sh KEY.pem: opens every sealed share here into opened/, which you hand in.
set -eu
cd "$(dirname "$0")"
case ${1:?usage: sh decrypt.sh KEY.pem} in /*) key=$1 ;; *) key=$OLDPWD/$1 ;; esac
mkdir -p opened
failed=0
for sealed in *.cms; do
  [ -e "$sealed" ] || continue
  out=opened/${sealed%.cms}.share
  if ! openssl cms -decrypt -inform DER -in "$sealed" -inkey "$key" -recip certificate.pem \
    -out "$out"; then
    rm -f "$out"
    echo "cannot be decrypted with this key: $sealed" >&2
    failed=1
  fi
done
exit $failed
